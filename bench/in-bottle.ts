import { createInterface } from 'node:readline';
import type { Bench } from './bench.ts';
import type { BenchFleet } from './fleet.ts';

/** A Node program that runs in a bottle. */
export interface InBottle {
  /** The next line that it prints, parsed as JSON. Throws when it ended before. */
  next(): Promise<unknown>;
  /** Closes its standard input, by which it is told to end. */
  tellEnd(): void;
}

/** Runs the text of an ES module in bottle `name`, as the agent's user. */
export function runInBottle(
  bench: Bench,
  fleet: BenchFleet,
  name: string,
  program: string,
): InBottle {
  const child = fleet.spawnBb('exec', name, '--', 'node', '--input-type=module', '-e', program);
  bench.defer(async () => {
    child.kill('SIGTERM');
    await child;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the program in ${name} ended: ${(await child).stderr}`);
      return JSON.parse(value);
    },
    tellEnd: () => child.stdin.end(),
  };
}
