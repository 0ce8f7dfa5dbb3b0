import { expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { ProgressPrinter } from '../../src/cli/progress.ts';
import type { Progress } from '../../src/controller/api.ts';
import { bottleName } from '../builders/desired.ts';

type Action = Extract<Progress, { readonly kind: 'action' }>;

/** What a person reads of `told` who did not ask for more. */
function shown(told: readonly Progress[]): readonly string[] {
  const lines: string[] = [];
  const sink = { write: (text: string) => void lines.push(text), isTTY: false, columns: 80 };
  using printer = new ProgressPrinter(new Output(sink, sink, {}));
  for (const each of told) printer.show(each);
  return lines.join('').trimEnd().split('\n');
}

function built(bottle: string, state: Action['state'], detail: string | null = null): Action {
  return { kind: 'action', id: 1, of: 1, bottle: bottleName(bottle), text: 'build', state, detail };
}

const said = (bottle: string, line: string): Progress => ({
  kind: 'log',
  text: `${bottle}: ${line}`,
});

test('what fails is told with what it said last, and what others said is not', () => {
  const lines = Array.from({ length: 40 }, (_, index) => said('dev', `line ${index}`));
  expect(
    shown([
      built('dev', 'started'),
      ...lines,
      said('next', 'fine'),
      built('next', 'done'),
      built('dev', 'failed', 'exit code 1'),
    ]),
  ).toEqual([
    'done    next: build',
    ...Array.from({ length: 15 }, (_, index) => `  dev: line ${25 + index}`),
    'failed  dev: build (exit code 1)',
  ]);
});

test('what an action said that went well is not told of the next one', () => {
  expect(
    shown([said('dev', 'step 1'), built('dev', 'done'), built('dev', 'failed', 'no')]),
  ).toEqual(['done    dev: build', 'failed  dev: build (no)']);
});
