import { expect, test } from 'vitest';
import { mayDial } from '../../../src/sidecars/egress/address-policy.ts';

test.for(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
  '%s is public',
  (address) => {
    expect(mayDial(address, [])).toBe(true);
  },
);

test.for([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.9.9.9',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:7f00:1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  'localhost',
  '',
])('%j is not dialled', (address) => {
  expect(mayDial(address, [])).toBe(false);
});

test('a declared range opens itself and nothing beside it', () => {
  expect(mayDial('10.1.2.3', ['10.1.2.0/24'])).toBe(true);
  expect(mayDial('10.1.3.3', ['10.1.2.0/24'])).toBe(false);
  expect(mayDial('10.1.2.3', ['10.1.2.3'])).toBe(true);
  expect(mayDial('fd00::5', ['fd00::/64'])).toBe(true);
  expect(mayDial('::ffff:10.1.2.3', ['10.1.2.0/24'])).toBe(true);
});
