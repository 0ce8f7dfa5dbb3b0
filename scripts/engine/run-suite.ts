import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Variant } from './variants.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Runs vitest over `patterns` against one variant. True when it passed, or when this machine cannot have the variant,
 * which is said by name.
 */
export async function runSuite(
  variant: Variant,
  patterns: readonly string[],
  say: (line: string) => void,
): Promise<boolean> {
  let opened: Awaited<ReturnType<Variant['open']>>;
  try {
    opened = await variant.open(say);
  } catch (error) {
    say(`SKIPPED ${variant.name}: ${error instanceof Error ? error.message : error}`);
    return true;
  }
  await using using = opened;
  say(variant.name);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const [program = '', ...rest] = [
    ...using.prefix,
    process.execPath,
    vitest,
    'run',
    '--configLoader=native',
    ...patterns,
  ];
  const { status } = spawnSync(program, rest, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      // Of the long tests those that `patterns` name.
      BB_TEST_LONG: '1',
      BB_TEST_VARIANT: variant.name,
      ...using.environment,
    },
  });
  return status === 0;
}
