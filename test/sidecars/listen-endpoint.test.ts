import { expect, it } from 'vitest';
import { listenDescriptors, listenEndpoint } from '../../src/sidecars/listen-endpoint.ts';

it('listens on every address by default, on a named one, or on what was handed over', () => {
  expect(listenEndpoint(undefined, 8080)).toEqual({ host: '0.0.0.0', port: 8080 });
  expect(listenEndpoint('127.0.0.1:0', 8080)).toEqual({ host: '127.0.0.1', port: 0 });
  expect(listenEndpoint('::1:9100', 8080)).toEqual({ host: '::1', port: 9100 });
  expect(listenEndpoint('fd:7', 8080)).toEqual({ fd: 7 });
});

it('passes on the descriptors that it was given, and no others', () => {
  expect(listenDescriptors({})).toEqual([]);
  expect(listenDescriptors({ BB_EGRESS_LISTEN: 'fd:7', BB_SUPERVISE_LISTEN: 'fd:8' })).toEqual([
    7, 8,
  ]);
  expect(
    listenDescriptors({ BB_EGRESS_LISTEN: '127.0.0.1:0', BB_SUPERVISE_LISTEN: 'fd:8' }),
  ).toEqual([8]);
});
