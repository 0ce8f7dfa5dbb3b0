import { expect, test } from 'vitest';
import {
  parseBundleStatus,
  parseEgressStatus,
  parseSuperviseStatus,
} from '../../../src/controller/adapters/sidecar-status.ts';
import { fuzz } from '../../sidecars/egress/fuzz/mutation.ts';

const WORDS = [
  ...['"', '\\', '{', '}', '[', ']', ',', 'null', 'true', '-1', '1e999', '9007199254740993'],
  ...['"__proto__":', '"state":', '\\u0000', '\\u001b[2J', '\\u202e', '\\ud800', '[[[[', '{"a":'],
];
const PARSERS = { parseEgressStatus, parseSuperviseStatus, parseBundleStatus };

test('a status that a sidecar wrote is not believed, or is what the model has and can be shown', () => {
  const believed = new Set<string>();
  fuzz('sidecar-status', WORDS, (input) => {
    const raw = jsonOf(input.toString('latin1'));
    for (const [name, parse] of Object.entries(PARSERS)) {
      const status = parse(raw);
      if (status === null) continue;
      believed.add(name);
      expect(parse(JSON.parse(JSON.stringify(status)))).toEqual(status);
      expect(shownOf(status).join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      for (const number of numbersOf(status)) expect(Number.isFinite(number)).toBe(true);
    }
  });
  expect([...believed].toSorted()).toEqual(Object.keys(PARSERS).toSorted());
});

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Status = NonNullable<ReturnType<(typeof PARSERS)[keyof typeof PARSERS]>>;

/** What comes from a sidecar in words. */
function shownOf(status: Status): readonly string[] {
  if (!('programs' in status)) return [status.error ?? ''];
  const programs = status.programs.flatMap(({ name, lastExit }) => [name, lastExit ?? '']);
  return [...programs, status.pipelock?.error ?? '', status.pipelock?.version ?? ''];
}

function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : [];
}
