import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AddressRange, addressInside, parseCidr } from '../../src/reconcilers/network/cidr.ts';
import { Subnets } from '../../src/reconcilers/network/subnets.ts';

test('the lowest free subnets are given, around what is in use', () => {
  const subnets = new Subnets(['10.80.0.16/28', '10.80.0.40/32', 'fd00::/64', '192.0.2.0/24']);
  expect([1, 2, 3].map(() => subnets.take('10.80.0.0/24'))).toEqual([
    '10.80.0.0/28',
    '10.80.0.48/28',
    '10.80.0.64/28',
  ]);
});

test('a pool that is covered, used up or no pool gives nothing', () => {
  expect(new Subnets(['10.0.0.0/8']).take('10.80.0.0/16')).toBeNull();
  expect(new Subnets([]).take('10.80.0.0/29')).toBeNull();
  expect(new Subnets([]).take('fd00::/64')).toBeNull();
  expect(new Subnets([]).take('10.80.0.300/16')).toBeNull();
  const small = new Subnets([]);
  expect([small.take('10.80.0.0/28'), small.take('10.80.0.0/28')]).toEqual(['10.80.0.0/28', null]);
});

test('pools that overlap never give one subnet twice', () => {
  const subnets = new Subnets([]);
  expect([
    subnets.take('10.80.0.0/24'),
    subnets.take('10.80.0.0/16'),
    subnets.take('10.80.0.0/24'),
  ]).toEqual(['10.80.0.0/28', '10.80.0.16/28', '10.80.0.32/28']);
});

test('what is given overlaps nothing, as compared one by one', () => {
  const cidr = fc
    .tuple(fc.nat({ max: 255 }), fc.nat({ max: 3 }), fc.integer({ min: 22, max: 32 }))
    .map(([last, third, prefix]) => `10.80.${third}.${last}/${prefix}`);
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 6 }), fc.integer({ min: 1, max: 70 }), (used, take) => {
      const subnets = new Subnets(used);
      const given = Array.from({ length: take }, () => subnets.take('10.80.0.0/22'));
      const all = [...used.map(range)];
      for (const subnet of given) {
        if (subnet === null) continue;
        const one = range(subnet);
        expect(used.map(range).some((other) => overlaps(one, other))).toBe(false);
        expect(all.slice(used.length).some((other) => overlaps(one, other))).toBe(false);
        all.push(one);
      }
      const free = slots().filter(
        (slot) => !used.map(range).some((other) => overlaps(slot, other)),
      );
      expect(given.filter((subnet) => subnet !== null)).toHaveLength(Math.min(take, free.length));
    }),
  );
});

test('addresses are counted from the network', () => {
  expect(addressInside('10.80.0.240/28', 3)).toBe('10.80.0.243');
  expect(addressInside('nonsense', 3)).toBeNull();
});

function range(cidr: string): AddressRange {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw new Error(`${cidr} is not a CIDR`);
  return parsed;
}

function slots(): readonly AddressRange[] {
  const pool = range('10.80.0.0/22');
  return Array.from({ length: 64 }, (_, index) => {
    const first = pool.first + index * 16;
    return { first, last: first + 15 };
  });
}

function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}
