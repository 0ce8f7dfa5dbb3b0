import { expect, test } from 'vitest';
import { type PipelockEvent, parsePipelockLine } from '../../../src/sidecars/pipelock/log-line.ts';
import { fuzz } from '../egress/fuzz/mutation.ts';

const WORDS = [
  ...['"', '\\', '{', '}', '[', ']', ',', ':', 'null', 'true', '1e999', '"__proto__":', '\\u0000'],
  ...['"event":"startup"', '"component":"pipelock"', '"config_hash":', '"status":"success"'],
];

test('a line of pipelock’s log means nothing, or what its fields say', () => {
  const kinds = new Set<string>();
  fuzz('pipelock-log', WORDS, (input) => {
    const line = input.toString('latin1');
    const event = parsePipelockLine(line);
    if (event === null) return;
    kinds.add(event.kind);
    const entry = JSON.parse(line);
    expect(entry.component).toBe('pipelock');
    for (const text of textsOf(event)) expect(Object.values(entry)).toContain(text);
  });
  expect([...kinds].toSorted()).toEqual(['blocked', 'reload-refused', 'reloaded', 'started']);
});

/** What it took over from the line. */
function textsOf(event: PipelockEvent): readonly string[] {
  const { kind: _kind, ...fields } = event;
  const own = ['it does not say why', 'dlp'];
  const values: readonly (string | null)[] = Object.values(fields);
  return values.flatMap((value) => (value === null || own.includes(value) ? [] : [value]));
}
