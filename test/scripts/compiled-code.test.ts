import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { keepCompiledCode } from '../../scripts/compiled-code.ts';
import { MODULE_PACKAGE } from '../../src/controller/adapters/shipped-images.ts';
import { builtProgram } from '../scenario/built-program.ts';

const ROOT = resolve(import.meta.dirname, '../..');

it('Node takes the compiled code of the build from where a bottle has it', async () => {
  await using stack = new AsyncDisposableStack();
  const root = mkdtempSync(join(tmpdir(), 'bb-compiled-'));
  stack.defer(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'dist'));
  await builtProgram();
  cpSync(join(ROOT, 'dist/sidecars'), join(root, 'dist/sidecars'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  await keepCompiledCode(root);
  const [version = ''] = readdirSync(join(root, 'dist/sidecars/cache'));
  expect(readdirSync(join(root, 'dist/sidecars/cache', version)).length).toBeGreaterThan(1);

  // A bottle's folders, elsewhere.
  const bottle = join(root, 'bottle');
  const [programs, cache] = [join(bottle, 'opt/bb'), join(bottle, 'tmp/compile-cache')];
  for (const folder of [programs, cache]) mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'dist/sidecars/egress.js'), join(programs, 'egress.js'));
  cpSync(join(root, 'dist/sidecars/cache', version), join(cache, version), { recursive: true });
  writeFileSync(join(programs, 'package.json'), MODULE_PACKAGE);
  const { stderr, stdout } = spawnSync(
    join(ROOT, 'node_modules/.bin/node'),
    [
      '--input-type=module',
      '-e',
      `setTimeout(() => process.exit(0), 500); import(${JSON.stringify(join(programs, 'egress.js'))});`,
    ],
    {
      encoding: 'utf8',
      env: {
        BB_SIDECAR_ROOT: join(bottle, 'bb'),
        BB_EGRESS_LISTEN: '127.0.0.1:0',
        NODE_COMPILE_CACHE: cache,
        NODE_COMPILE_CACHE_PORTABLE: '1',
        NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
      },
    },
  );
  expect(`${stderr}${stdout}`).toMatch(/egress\.js was accepted/);
});
