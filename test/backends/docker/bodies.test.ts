import { describe, expect, it } from 'vitest';
import { containerBody, endpointsOf } from '../../../src/backends/docker/container-body.ts';
import { createDockerBackend } from '../../../src/backends/docker/docker-backend.ts';
import { isNewer } from '../../../src/backends/docker/engine.ts';
import { readLabels } from '../../../src/backends/docker/labels.ts';
import { networkBody, networkFault } from '../../../src/backends/docker/network-body.ts';
import { hintOf } from '../../../src/backends/docker/watch.ts';
import type { BackendUnderTest } from '../../contract/backend-under-test.ts';
import { bottleUnderTest } from '../../contract/bottle-under-test.ts';

/** Asked for its capabilities alone, so it connects to nothing. */
const docker = {
  image: 'image',
  runtime: null,
  open: () => createDockerBackend({ environment: {} }),
} as BackendUnderTest;

const bottle = bottleUnderTest(docker, 'dev', { fleet: 'home' });

describe('docker: what is asked of an engine', () => {
  it.each([
    ['1.41', { 'com.docker.network.bridge.inhibit_ipv4': 'true' }],
    ['1.47', { 'com.docker.network.bridge.inhibit_ipv4': 'true' }],
    ['1.48', { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' }],
    ['1.56', { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' }],
  ])('an engine that serves API %s cuts an internal network off from the host', (api, options) => {
    const body = networkBody(bottle.internal, api);
    expect(body).toMatchObject({ Internal: true, EnableIPv6: false, Options: options });
    expect(networkBody(bottle.external, api)).toMatchObject({ Internal: false, Options: {} });
  });

  it('a network that the engine made otherwise is found out, one that it made so is not', () => {
    const asked = networkBody(bottle.internal, '1.48');
    const made = { ...asked, IPAM: { Config: [{ Subnet: bottle.internal.subnet }] } } as never;
    const fault = (change: object) =>
      networkFault(bottle.internal, Object.assign({}, made, change), {
        ...{ servedApi: '1.48', product: 'Docker Engine' },
      });
    expect(fault({})).toBeNull();
    expect(fault({ Options: {} })).toContain('ignored');
    expect(fault({ Internal: false })).toBe('it is not internal');
    expect(fault({ EnableIPv6: true })).toBe('it has IPv6');
    expect(fault({ IPAM: { Config: [{ Subnet: '10.0.0.0/8' }] } })).toBe('it has another subnet');
  });

  it('what is only on the internal network gets no resolver, what reaches out keeps its own', () => {
    const body = (spec: typeof bottle.agent) =>
      containerBody(spec, {}, Object.fromEntries(endpointsOf(spec))).HostConfig;
    expect(body(bottle.agent)).toMatchObject({ Dns: ['0.0.0.0'] });
    expect(body(bottle.sidecars)).not.toHaveProperty('Dns');
  });

  it('an address has the same hardware address at every start', () => {
    const spec = {
      ...bottle.sidecars,
      networks: [{ component: 'internal-network', address: '10.213.0.2' }],
    } as const;
    expect(endpointsOf(spec)).toEqual([
      [
        'bb-home-dev-int',
        { IPAMConfig: { IPv4Address: '10.213.0.2' }, MacAddress: '02:42:0a:d5:00:02' },
      ],
    ]);
  });

  it('versions are compared as numbers', () => {
    expect([isNewer('1.44', '1.9'), isNewer('1.9', '1.44'), isNewer('1.44', '1.44')]).toEqual([
      ...[true, false, false],
    ]);
  });

  it('labels count only under the name that we would have given', () => {
    const { Labels } = networkBody(bottle.internal, '1.48');
    expect(readLabels(Labels, 'bb-home-dev-int')).toMatchObject({ bottle: 'dev' });
    expect(readLabels(Labels, 'bb-home-other-int')).toBeNull();
    expect(readLabels({ ...Labels, 'bb.component': 'agent' }, 'bb-home-dev-int')).toBeNull();
    expect(readLabels({ ...Labels, 'bb.applied': '{' }, 'bb-home-dev-int')?.applied).toBeNull();
    expect(readLabels({}, 'bb-home-dev-int')).toBeNull();
  });

  it('events of old and new engines become hints, those of others do not', () => {
    const event = (attributes: object) => JSON.stringify({ Actor: { Attributes: attributes } });
    const hint = (line: string) => hintOf(line, bottle.fleet, () => false);
    expect(hint(event({ 'bb.fleet': 'home', 'bb.bottle': 'dev' }))).toEqual({
      ...{ kind: 'look', bottle: 'dev' },
    });
    const nameOnly = (name: string) => hint(event({ name }));
    expect(nameOnly('bb-home-dev-int')).toEqual({ kind: 'look', bottle: 'dev' });
    expect(nameOnly('bb-home-dev-int-ext')).toEqual({ kind: 'look', bottle: 'dev-int' });
    expect(nameOnly('bb-home-dev')).toEqual({ kind: 'look', bottle: null });
    expect(hint(event({ 'bb.fleet': 'other', name: 'bb-other-dev' }))).toBeNull();
    expect(hint('not json')).toBeNull();
    expect(hint('null')).toBeNull();
  });

  it('the end of a session is a hint where it is awaited, and nowhere else', () => {
    const Attributes = { 'bb.fleet': 'home', 'bb.bottle': 'dev', execID: 'e1' };
    const ended = (Action: string) => JSON.stringify({ Action, Actor: { ID: 'c1', Attributes } });
    const hint = (action: string, awaited: string) =>
      hintOf(ended(action), bottle.fleet, (id) => id === awaited);
    expect(hint('exec_die', 'c1')).toEqual({ kind: 'look', bottle: 'dev' });
    expect(hint('exec_died', 'c1')).toEqual({ kind: 'look', bottle: 'dev' });
    expect(hint('exec_die', 'c2')).toBeNull();
    expect(hint('die', 'c2')).toEqual({ kind: 'look', bottle: 'dev' });
  });
});
