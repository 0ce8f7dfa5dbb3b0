import { expect, test } from 'vitest';
import { Roll } from '../../../src/sidecars/egress/roll.ts';

test('a roll gives those who joined and did not leave', () => {
  const roll = new Roll<{ readonly name: string }>();
  const [one, two, three] = ['one', 'two', 'three'].map((name) => ({ name }));
  if (one === undefined || two === undefined || three === undefined) throw new Error('no members');
  roll.add(one);
  const place = roll.add(two);
  roll.add(three);
  roll.remove(two, place);
  expect([...roll]).toEqual([one, three]);
  expect(roll.size).toBe(2);
});

test('who leaves twice does not put out whoever took the place', () => {
  const roll = new Roll<object>();
  const [first, second] = [{}, {}];
  const place = roll.add(first);
  roll.remove(first, place);
  expect(roll.add(second)).toBe(place);
  roll.remove(first, place);
  expect([...roll]).toEqual([second]);
});

test('a roll can be shortened while it is read', () => {
  const roll = new Roll<object>();
  const members = [{}, {}, {}].map((member) => ({ member, place: roll.add(member) }));
  for (const member of roll) {
    roll.remove(member, members.find((each) => each.member === member)?.place ?? -1);
  }
  expect(roll.size).toBe(0);
});
