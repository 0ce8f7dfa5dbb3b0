import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The agents that the project is tested with, each of the version that it was tried with. */
const PACKAGES = { '@anthropic-ai/claude-code': '2.1.330', '@openai/codex': '0.169.0' } as const;

/** Program → where its package has it. The first is the platform's own binary: its package's is put there by a script. */
const PROGRAMS = {
  claude: `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`,
  codex: '@openai/codex/bin/codex.js',
};

/** A registry that does not answer costs seconds: npm alone would try for minutes. */
const IMPATIENT = ['--fetch-timeout=30000', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'];

/** A folder for `programs` of `config.yaml`, or why there is none. */
export type AgentPrograms =
  | { readonly kind: 'programs'; readonly folder: string }
  | { readonly kind: 'none'; readonly reason: string };

/** The folder when it was installed before; asks nobody. */
export function agentPrograms(): AgentPrograms {
  const folder = cacheFolder();
  return existsSync(join(folder, 'bin'))
    ? { kind: 'programs', folder }
    : { kind: 'none', reason: 'claude and codex were not installed from npm (scripts/setup.ts)' };
}

/** Installs what is missing from npm, some 800 MB, and keeps it in the user's cache by version. */
export function installAgentPrograms(onProgress: (line: string) => void): AgentPrograms {
  const found = agentPrograms();
  if (found.kind === 'programs') return found;
  const folder = cacheFolder();
  const temporary = `${folder}.${process.pid}.new`;
  const packages = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  onProgress(`npm install ${packages.join(' ')}`);
  try {
    mkdirSync(temporary, { recursive: true });
    writeFileSync(join(temporary, 'package.json'), '{"private": true}\n');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', ...quiet, ...IMPATIENT, ...packages], {
      cwd: temporary,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 180_000,
    });
    mkdirSync(join(temporary, 'bin'));
    for (const [program, path] of Object.entries(PROGRAMS)) {
      const target = `../node_modules/${path}`;
      const absolute = join(temporary, 'bin', target);
      if (!existsSync(absolute)) throw new Error(`npm gave no ${path} for this machine`);
      symlinkSync(target, join(temporary, 'bin', program));
    }
    renameSync(temporary, folder);
    return { kind: 'programs', folder };
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    const again = agentPrograms();
    if (again.kind === 'programs') return again;
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
}

function cacheFolder(): string {
  const versions = Object.entries(PACKAGES).map(
    ([name, version]) => `${name.split('/')[1]}-${version}`,
  );
  const root = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(root, 'bb/agents', versions.join('_'));
}

if (process.argv[1] === import.meta.filename) {
  const installed = installAgentPrograms((line) => console.error(line));
  if (installed.kind === 'programs') console.log(installed.folder);
  else {
    console.error(installed.reason);
    process.exitCode = 1;
  }
}
