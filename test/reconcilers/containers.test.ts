import { expect, test } from 'vitest';
import type { ContainerSpec } from '../../src/model/component.ts';
import { sha256 } from '../../src/model/fingerprint.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { bottle, desiredState, observedState, planContext } from '../builders/observed.ts';

function containersOf(spec: Parameters<typeof bottle>[1] = {}): readonly ContainerSpec[] {
  return buildPlan(desiredState([bottle('dev', spec)]), observedState(), planContext())
    .actions.map(({ action }) => action)
    .flatMap((action) => (action.kind === 'create-container' ? [action.container] : []));
}

function containerOf(component: string, spec: Parameters<typeof bottle>[1] = {}): ContainerSpec {
  const found = containersOf(spec).find(({ identity }) => identity.component === component);
  if (found === undefined) throw new Error(`no ${component} is created`);
  return found;
}

test('the agent sees its sidecars, its own network and nothing else', () => {
  expect(containerOf('agent')).toMatchObject({
    command: ['sleep', 'infinity'],
    user: { uid: 1001, gid: 1001 },
    networks: [{ component: 'internal-network', address: '10.80.0.3' }],
    hosts: { egress: '10.80.0.2', supervise: '10.80.0.2', 'git-gate': '10.80.0.2' },
    mounts: [{ source: '/state/home/bottles/dev/trust', target: '/etc/bb/trust', readOnly: true }],
    runtime: null,
  });
});

test('R57: every program of the agent, also one that reads lower-case variables, is sent to the proxy and trusts the certificate of the bottle', () => {
  const { env } = containerOf('agent');
  for (const name of ['HTTP_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']) {
    expect(env[name]).toBe('http://egress:8080');
  }
  expect(env['NO_PROXY']).toBe('localhost,127.0.0.1,::1,egress,supervise,git-gate,10.80.0.2');
  expect(env['no_proxy']).toBe(env['NO_PROXY']);
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'GIT_SSL_CAINFO', 'PIP_CERT']) {
    expect(env[name]).toBe('/etc/bb/trust/ca.pem');
  }
});

test('a declared variable is set, one that would go around the guard is not', () => {
  const { env, lateEnv } = containerOf('agent', {
    env: {
      PAGER: { kind: 'literal', value: 'cat' },
      LANG: { kind: 'from-host', variable: 'LC_ALL' },
      HTTPS_PROXY: { kind: 'literal', value: 'http://192.0.2.1:1' },
      no_proxy: { kind: 'from-host', variable: 'NO_PROXY' },
    },
  });
  expect(env['PAGER']).toBe('cat');
  expect(lateEnv).toEqual({ LANG: { kind: 'from-host', variable: 'LC_ALL' } });
  expect(env['HTTPS_PROXY']).toBe('http://egress:8080');
});

test('programs in Java, which read none of this, are told in their own way; what an operator adds stays', () => {
  const ours =
    '-Dhttp.proxyHost=egress -Dhttp.proxyPort=8080 -Dhttps.proxyHost=egress -Dhttps.proxyPort=8080 ' +
    '-Dhttp.nonProxyHosts=localhost|127.0.0.1|[::1]|egress|supervise|git-gate|10.80.0.2 ' +
    '-Djavax.net.ssl.trustStore=/etc/bb/trust/ca.jks -Djavax.net.ssl.trustStoreType=JKS';
  expect(containerOf('agent').env['JAVA_TOOL_OPTIONS']).toBe(ours);
  const own = { kind: 'literal', value: '-Xmx1g' } as const;
  const { env } = containerOf('agent', { env: { JAVA_TOOL_OPTIONS: own } });
  expect(env['JAVA_TOOL_OPTIONS']).toBe(`-Xmx1g ${ours}`);
});

test('the sidecars listen for their agent alone, not on the network that leads out', () => {
  expect(containerOf('sidecars').env).toEqual({
    BB_BOTTLE: 'dev',
    BB_EGRESS_LISTEN: '10.80.0.2:8080',
    BB_SUPERVISE_LISTEN: '10.80.0.2:9100',
  });
});

test('the sidecars write only their status, their keys and the queue', () => {
  const { readOnlyRoot, mounts, networks, tmpfs } = containerOf('sidecars');
  expect(readOnlyRoot).toBe(true);
  expect(Object.keys(tmpfs)).toEqual(['/tmp']);
  expect(mounts.map((mount) => `${mount.target} ${mount.readOnly ? 'ro' : 'rw'}`)).toEqual([
    '/bb/egress/in ro',
    '/bb/egress/out rw',
    '/bb/egress/state rw',
    '/bb/supervise/in ro',
    '/bb/supervise/out rw',
    '/bb/bundle/out rw',
    '/bb/queue rw',
  ]);
  expect(networks).toEqual([
    { component: 'external-network', address: '10.80.0.18' },
    { component: 'internal-network', address: '10.80.0.2' },
  ]);
});

test('a label carries the hash of what it says', () => {
  for (const { identity } of containersOf())
    expect(identity.specHash).toBe(sha256(identity.applied));
});
