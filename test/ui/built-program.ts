import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '../..');

/** The fixture program as JavaScript, where Node finds the packages it needs; disposing it removes it. */
export async function buildProgram(): Promise<{ readonly file: string } & Disposable> {
  const dir = join(root, `node_modules/.cache/bb-test-program-${process.pid}`);
  await build({
    cwd: root,
    platform: 'node',
    input: 'test/ui/fixtures/program.ts',
    external: /^[@a-z]/,
    output: { dir, format: 'esm' },
  });
  return {
    file: join(dir, 'program.js'),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
