import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** `npm run test:escape -- --backend <name>`: the escape suite against one backend, or against all. */
const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { backend: { type: 'string' } } });
const folder = join(root, 'test/escape');

if (values.backend !== undefined && !existsSync(join(folder, `${values.backend}.test.ts`))) {
  const known = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  const names = known.map((name) => name.replace('.test.ts', ''));
  console.error(`test:escape: there is no suite for ${values.backend}: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const file = values.backend === undefined ? '' : `${values.backend}.test.ts`;
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', join('test/escape', file)], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
