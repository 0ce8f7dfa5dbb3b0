import { expect, test } from 'vitest';
import { SharedTurns } from '../../src/controller/shared-turns.ts';

/** Work that says when it begins, and ends when it is told to. */
function told(turns: SharedTurns) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const begin = (name: string, isAlone: boolean) =>
    turns.run(isAlone, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, begin, end };
}

test('what may go on together does, what has to be alone is, and nobody is passed by', async () => {
  const { begun, begin, end } = told(new SharedTurns());
  const all = [
    begin('a', false),
    begin('b', false),
    begin('image', true),
    begin('c', false),
    begin('d', false),
  ];
  await end('nobody');
  expect(begun).toEqual(['a', 'b']);
  await end('a');
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'image']);
  await end('image');
  expect(begun).toEqual(['a', 'b', 'image', 'c', 'd']);
  await end('c');
  await end('d');
  await Promise.all(all);
});

test('work that fails lets the next one begin', async () => {
  const turns = new SharedTurns();
  const failed = turns.run(true, () => Promise.reject(new Error('no')));
  const next = turns.run(true, async () => 'begun');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('begun');
});
