import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Programs from npm that are no dependencies: too large for everybody's install, and only tests run them. */
export interface NpmPrograms {
  /** Folder of the cache. */
  readonly name: string;
  /** Package → the one version. */
  readonly packages: { readonly [name: string]: string };
  /** Program → its file below `node_modules`. */
  readonly programs: { readonly [name: string]: string };
}

/** A folder with a `bin`, or why there is none. */
export type InstalledPrograms =
  | { readonly kind: 'programs'; readonly folder: string }
  | { readonly kind: 'none'; readonly reason: string };

/** A registry that does not answer costs seconds: npm alone would try for minutes. */
const IMPATIENT = ['--fetch-timeout=30000', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'];

/** The folder when it was installed before; asks nobody. */
export function installedPrograms(wanted: NpmPrograms): InstalledPrograms {
  const folder = cacheFolder(wanted);
  if (existsSync(join(folder, 'bin'))) return { kind: 'programs', folder };
  const names = Object.keys(wanted.programs).join(' and ');
  return { kind: 'none', reason: `not installed from npm: ${names} (scripts/setup.ts)` };
}

/** Installs what is missing and keeps it in the user's cache by version. Never throws. */
export function installPrograms(
  wanted: NpmPrograms,
  onProgress: (line: string) => void,
): InstalledPrograms {
  const found = installedPrograms(wanted);
  if (found.kind === 'programs') return found;
  const folder = cacheFolder(wanted);
  const temporary = `${folder}.${process.pid}.new`;
  const packages = Object.entries(wanted.packages).map(([name, version]) => `${name}@${version}`);
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
    for (const [program, path] of Object.entries(wanted.programs)) {
      const target = `../node_modules/${path}`;
      if (!existsSync(join(temporary, 'bin', target))) {
        throw new Error(`npm gave no ${path} for this machine`);
      }
      symlinkSync(target, join(temporary, 'bin', program));
    }
    renameSync(temporary, folder);
    return { kind: 'programs', folder };
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Somebody else may have been faster.
    const again = installedPrograms(wanted);
    if (again.kind === 'programs') return again;
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
}

function cacheFolder({ name, packages }: NpmPrograms): string {
  const versions = Object.entries(packages).map(
    ([each, version]) => `${each.split('/').at(-1)}-${version}`,
  );
  const root = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(root, 'bb', name, versions.join('_'));
}
