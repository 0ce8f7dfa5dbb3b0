import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../../src/controller/adapters/memory-at-rest.ts');
/** Megabytes that the process has after work that left 150 MB of garbage, and after a rest. */
const WORKING = `
import { setTimeout as delay } from 'node:timers/promises';
import { MemoryAtRest } from ${JSON.stringify(MODULE)};
const residentMb = () => process.memoryUsage.rss() / 1e6;
const memory = new MemoryAtRest(100);
let kept = Array.from({ length: 150 }, () => Array.from({ length: 1000 }, (_, at) => ({ at, of: {} })));
kept = [];
const workedMb = residentMb();
memory.worked();
for (let left = 100; left > 0 && residentMb() > workedMb * 0.7; left -= 1) await delay(100);
console.log(JSON.stringify({ workedMb, restedMb: residentMb() }));
memory.worked();
`;

test('memory that work needed is given back at rest, and the wait for rest keeps no process', async () => {
  const argv = ['--input-type=module', '--eval', WORKING];
  const { stdout } = await execa('node', argv, { timeout: 30_000 });
  const { workedMb, restedMb } = JSON.parse(stdout);
  expect(restedMb).toBeLessThan(workedMb * 0.7);
});
