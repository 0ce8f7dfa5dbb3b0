import { runSuite } from './engine/run-suite.ts';
import { VARIANTS } from './engine/variants.ts';

/**
 * Runs again what `npm test` ran against the quick engine and as one user: on Docker Engine 29, under runc and under
 * gVisor's runsc, and without privileges; on every engine the attacks from inside a docker bottle, and on the quick one
 * the clients in it. What this machine cannot have is skipped by name. Podman and the attacks of a user without
 * privileges are minutes more: `test:contract` and `test:escape` with `--backend`. Arguments are passed on to vitest
 * instead of each run's own.
 */
const TOUCHING_AN_ENGINE = [
  'test/contract/docker',
  'test/backends/docker',
  'test/escape/docker',
  'test/scenario',
];

const RUNS: { readonly [variant: string]: readonly string[] } = {
  docker: ['test/escape/docker', 'test/clients/docker'],
  'docker-29': [...TOUCHING_AN_ENGINE, 'test/long/claude', 'test/long/codex'],
  'docker-29-runsc': TOUCHING_AN_ENGINE,
  'embedded-user': ['test/contract/embedded.test.ts'],
};

const say = (line: string) => console.log(`test:engines: ${line}`);
const given = process.argv.slice(2);
const failed: string[] = [];
for (const variant of VARIANTS) {
  const patterns = RUNS[variant.name];
  if (patterns === undefined) continue;
  if (!(await runSuite(variant, given.length > 0 ? given : patterns, say))) {
    failed.push(variant.name);
  }
}
if (failed.length > 0) {
  say(`failed on ${failed.join(', ')}`);
  process.exitCode = 1;
}
