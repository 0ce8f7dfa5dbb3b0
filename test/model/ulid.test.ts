import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProposalId } from '../../src/model/names.ts';
import { createUlids, ulidTimeMs } from '../../src/model/ulid.ts';

const random = { next: () => 0, bytes: (length: number) => randomBytes(length) };

describe('an id', () => {
  test('is a ULID that tells its time', () => {
    const id = createUlids({ nowMs: () => 1_469_918_176_385 }, random)();
    expect(parseProposalId(id)).toBe(id);
    expect(id).toMatch(/^01ARYZ6S41/);
    expect(ulidTimeMs(id)).toBe(1_469_918_176_385);
  });

  test('sorts after every one before it, also when the clock stands still or steps back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { minLength: 2 }), (times) => {
        let step = 0;
        const next = createUlids({ nowMs: () => times[step++] ?? 0 }, random);
        const ids = times.map(() => next());
        expect(ids.toSorted()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('counts up without overflow from the largest random part', () => {
    const full = { next: () => 0, bytes: (length: number) => new Uint8Array(length).fill(255) };
    const next = createUlids({ nowMs: () => 0 }, full);
    const ids = [next(), next(), next()];
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
  });
});
