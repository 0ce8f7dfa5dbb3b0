import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runSuite } from './run-suite.ts';
import { VARIANTS } from './variants.ts';

const root = join(import.meta.dirname, '../..');

/** `npm run test:<suite> -- --backend <name>`: the suite in `test/<suite>` against one variant, or against each. */
export async function suiteCommand(suite: 'contract' | 'escape'): Promise<void> {
  const say = (line: string) => console.log(`test:${suite}: ${line}`);
  const { values } = parseArgs({ options: { backend: { type: 'string' } } });
  const fileOf = (name: string) => join('test', suite, `${name}.test.ts`);
  const known = VARIANTS.filter((variant) => existsSync(join(root, fileOf(variant.suite))));
  const chosen = known.filter(({ name }) => [undefined, name].includes(values.backend));
  if (chosen.length === 0) {
    const names = known.map(({ name }) => name).join(', ');
    console.error(`test:${suite}: there is no backend ${values.backend}: ${names}`);
    process.exitCode = 2;
    return;
  }
  const failed: string[] = [];
  for (const variant of chosen) {
    if (!(await runSuite(variant, [fileOf(variant.suite)], say))) failed.push(variant.name);
  }
  if (failed.length === 0) return;
  say(`failed on ${failed.join(', ')}`);
  process.exitCode = 1;
}
