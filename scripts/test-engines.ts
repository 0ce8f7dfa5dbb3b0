import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebianPackages } from './debian-packages.ts';
import { type ModernEngine, modernEngine } from './engine/modern-engine.ts';
import { startPrivateEngine } from './engine/private-engine.ts';

/**
 * Runs everything that touches an engine again on Docker Engine 29, under runc and under gVisor's runsc. What cannot be
 * had on this machine is skipped by name. Arguments are passed on to vitest.
 */
const root = join(import.meta.dirname, '..');
const TOUCHING_AN_ENGINE = [
  'test/contract',
  'test/backends/docker',
  'test/escape',
  'test/scenario',
];

const say = (line: string) => console.log(`test:engines: ${line}`);
const failed = [];

if (process.getuid?.() !== 0) {
  skip('only root can start an engine');
} else {
  const programs = await programsOfEngine29();
  if (programs.kind === 'none') skip(programs.reason);
  else {
    for (const runtime of ['runc', 'runsc']) {
      say(`Docker Engine 29 under ${runtime}`);
      // A fleet takes runsc wherever it is registered, so it must not be for the other run.
      await using engine = await startPrivateEngine({
        folder: mkdtempSync(join(tmpdir(), 'bb-engine-')),
        programs: programs.folder,
        runtimes: runtime === 'runsc' ? { runsc: programs.runsc } : {},
      });
      const { status } = spawnSync(
        process.execPath,
        [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...patterns()],
        {
          cwd: root,
          stdio: 'inherit',
          env: { ...process.env, BB_TEST_DOCKER_HOST: engine.endpoint, BB_TEST_RUNTIME: runtime },
        },
      );
      if (status !== 0) failed.push(runtime);
    }
  }
}
if (failed.length > 0) {
  say(`failed under ${failed.join(' and ')}`);
  process.exitCode = 1;
}

/** The two packages are what runc is compiled with. */
async function programsOfEngine29(): Promise<ModernEngine> {
  try {
    await installDebianPackages(['libseccomp-dev', 'pkg-config'], 'test:engines');
    return modernEngine(say);
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
}

function patterns(): readonly string[] {
  const given = process.argv.slice(2);
  return given.length > 0 ? given : TOUCHING_AN_ENGINE;
}

function skip(reason: string): void {
  say(`SKIPPED Docker Engine 29 under runc: ${reason}`);
  say(`SKIPPED Docker Engine 29 under runsc: ${reason}`);
}
