import { expect, test } from 'vitest';
import { hostRoutes, routesIn } from '../../../src/backends/docker/host-routes.ts';
import { Subnets } from '../../../src/reconcilers/network/subnets.ts';

const TABLE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	0000D50A	00000000	0001	0	0	0	C0FFFFFF	0	0	0
tun0	050000C6	00000000	0005	0	0	0	FFFFFFFF	0	0	0
damaged line
`;
const VPN = 'tun0	0000000A	00000000	0001	0	0	0	000000FF	0	0	0';
const WHOLE_POOL = 'tun0	0000D50A	00000000	0001	0	0	0	0000FFFF	0	0	0';

test('the routes of a host are read, the default one and what is damaged are none', () => {
  expect(routesIn(TABLE)).toEqual(['192.0.2.0/24', '10.213.0.0/26', '198.0.0.5/32']);
  expect(routesIn('')).toEqual([]);
});

test('a bottle gets no network where the host has a route, and the next free one beside it', () => {
  expect(new Subnets([]).take('10.213.0.0/16')).toBe('10.213.0.0/28');
  expect(new Subnets(routesIn(TABLE)).take('10.213.0.0/16')).toBe('10.213.0.64/28');
});

test('a route that is too wide to be one network leaves the pool as it is, one of its own size takes it whole', () => {
  expect(routesIn(VPN)).toEqual([]);
  expect(new Subnets(routesIn(VPN)).take('10.213.0.0/16')).toBe('10.213.0.0/28');
  expect(routesIn(WHOLE_POOL)).toEqual(['10.213.0.0/16']);
  expect(new Subnets(routesIn(WHOLE_POOL)).take('10.213.0.0/16')).toBeNull();
});

test('the routes of this machine say nothing of an engine elsewhere', async () => {
  const address = { host: '192.0.2.1', port: 2375, tls: null };
  const endpoint = { kind: 'tcp', url: 'tcp://192.0.2.1:2375', ...address } as const;
  expect(await hostRoutes(endpoint)).toEqual([]);
});
