import { createServer } from 'node:net';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/backends/backend.ts';
import { containerBody, endpointsOf } from '../../../src/backends/docker/container-body.ts';
import { networkBody } from '../../../src/backends/docker/network-body.ts';
import { isolationProbe, judgeIsolation } from '../../../src/controller/isolation-probe.ts';
import { type ContainerSpec, runtimeName } from '../../../src/model/component.ts';
import { type BottleUnderTest, bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';

const engine = await dockerUnderTest();
const CERTIFICATE = `-----BEGIN CERTIFICATE-----\nbWFkZSBmb3IgYSB0ZXN0\n-----END CERTIFICATE-----\n`;

/** Listens where egress would, and answers every DNS question with 203.0.113.1. */
const SIDECARS = `
require('net').createServer((socket) => socket.end()).listen(8080);
const dns = require('dgram').createSocket('udp4');
dns.on('message', (question, from) => {
  const answer = Buffer.concat([question.subarray(0, 12), question.subarray(12, question.indexOf(0, 12) + 5),
    Buffer.from('c00c000100010000003c0004cb007101', 'hex')]);
  answer.writeUInt16BE(0x8180, 2); answer.writeUInt32BE(0x00010001, 4); answer.writeUInt32BE(0, 8);
  dns.send(answer, from.port, from.address);
});
// Only engines that open low ports to everybody let it.
dns.on('error', () => undefined);
dns.bind(53);
`;

/** Put before the probe, so that it finds no bash. */
const WITH_NODE = 'command() { [ "$2" = node ]; }\n';
const TOOLS = [
  ['bash', ''],
  ['Node', WITH_NODE],
] as const;

if (engine.kind === 'none') describe.skip(`docker: isolation (${engine.reason})`);
else {
  const { under, docker } = engine;
  describe('docker: isolation', () => {
    const host = createServer((socket) => socket.end('host'));
    let hostPort = 0;
    beforeAll(async () => {
      await new Promise<void>((resolve) => host.listen(0, '0.0.0.0', resolve));
      const address = host.address();
      hostPort = typeof address === 'object' && address !== null ? address.port : 0;
    });
    afterAll(() => void host.close());

    it('is proven for a bottle that is made as it should be', async () => {
      await using bottle = guarded();
      const backend = under.open();
      await upTrusted(backend, bottle);
      expect(await probe(backend, bottle)).toEqual({ proven: true });
    });

    it('is proven by Node where there is no bash', async () => {
      await using bottle = guarded();
      const backend = under.open();
      await upTrusted(backend, bottle);
      expect(await probe(backend, bottle, WITH_NODE)).toEqual({ proven: true });
      expect(await probe(backend, bottle, 'command() { false; }\n')).toMatchObject({
        proven: false,
        mayPass: false,
        reason: expect.stringContaining('neither bash nor node'),
      });
    });

    it.each(TOOLS)(
      'is refuted by %s where the host answers on a plain internal network',
      async (_, prefix) => {
        await using bottle = guarded();
        const backend = under.open();
        const plain = networkBody(bottle.internal, '1.41');
        await docker.createNetwork({ ...plain, Options: {} });
        await upTrusted(backend, bottle, 1);
        const gateway = bottle.internal.subnet.replace(
          /\d+\/28$/,
          (last) => `${Number.parseInt(last, 10) + 1}`,
        );
        const reach = `timeout 2 bash -c 'cat </dev/tcp/${gateway}/${hostPort}'`;
        expect(await shell(backend, bottle.ref('agent'), reach)).toBe('host');
        expect(await probe(backend, bottle, prefix)).toEqual({
          proven: false,
          mayPass: false,
          reason: `${gateway} beside the sidecars answers (refused)`,
        });
      },
    );

    it('nothing of the host answers in a bottle that is made as it should be', async () => {
      await using bottle = guarded();
      const backend = under.open();
      await bottle.up(backend);
      const subnet = bottle.internal.subnet.replace(/\d+\/28$/, '');
      const first = Number.parseInt(bottle.internal.subnet.split('.')[3] ?? '0', 10);
      const addresses = [1, 4, 14].map((n) => `${subnet}${first + n}`);
      for (const address of [...addresses, '192.0.2.2', '127.0.0.1']) {
        const reach = `timeout 1 bash -c 'cat </dev/tcp/${address}/${hostPort}' 2>/dev/null || echo no`;
        expect(await shell(backend, bottle.ref('agent'), reach)).toBe('no');
      }
    });

    it('is refuted where somebody put the agent on the external network too', async () => {
      await using bottle = guarded();
      const backend = under.open();
      for (const step of bottle.steps.slice(0, 4)) await step(backend);
      await docker
        .getNetwork(runtimeName(bottle.ref('external-network')))
        .connect({ Container: runtimeName(bottle.ref('agent')) });
      await upTrusted(backend, bottle);
      expect(await probe(backend, bottle)).toMatchObject({
        proven: false,
        mayPass: false,
        reason: expect.stringMatching(/beside the sidecars answers/),
      });
    });

    // gVisor has a stack of its own, which no setting of the host's namespace gives an address.
    it.skipIf(under.runtime === 'runsc').each(TOOLS)(
      'is refuted by %s where an interface has an address for IPv6, be it for its link alone',
      async (_, prefix) => {
        await using bottle = guarded();
        const backend = under.open();
        await upTrusted(backend, bottle);
        expect(await probe(backend, bottle, prefix)).toEqual({ proven: true });
        const { State } = await docker.getContainer(runtimeName(bottle.ref('agent'))).inspect();
        const switchOn =
          'for one in all eth0; do echo 0 > /proc/sys/net/ipv6/conf/$one/disable_ipv6; done';
        await execa('nsenter', ['-t', String(State.Pid), '-n', 'sh', '-c', switchOn]);
        expect(await probe(backend, bottle, prefix)).toEqual({
          proven: false,
          mayPass: false,
          reason: expect.stringMatching(/^the agent has an address for IPv6 \(fe80\w+%eth0\)$/),
        });
      },
    );

    // gVisor does not reach the engine's resolver at all.
    it.skipIf(under.runtime === 'runsc')('is refuted where a name is answered', async () => {
      await using bottle = guarded();
      const backend = under.open();
      for (const step of bottle.steps.slice(0, 3)) await step(backend);
      await backend.start(bottle.ref('sidecars'));
      const endpoints = Object.fromEntries(endpointsOf(bottle.agent));
      const body = containerBody(bottle.agent, {}, endpoints);
      const resolver = bottle.sidecars.networks[0]?.address ?? '';
      await docker.createContainer({
        ...body,
        name: runtimeName(bottle.ref('agent')),
        HostConfig: { ...body.HostConfig, Dns: [resolver] },
      });
      await trust(backend, bottle);
      await backend.start(bottle.ref('agent'));
      expect(await probe(backend, bottle)).toMatchObject({
        proven: false,
        mayPass: false,
        reason: expect.stringContaining('answers for names outside'),
      });
    });

    it('is refuted where egress does not listen, and where the certificate is missing', async () => {
      await using bottle = guarded({}, ['sleep', 'infinity']);
      const backend = under.open();
      await bottle.up(backend);
      expect(await probe(backend, bottle)).toMatchObject({
        reason: 'the agent does not reach egress',
        mayPass: true,
      });
      await using open = guarded();
      await open.up(backend);
      expect(await probe(backend, open)).toMatchObject({
        reason: `the bottle's certificate cannot be read`,
        mayPass: false,
      });
    });

    it.each(TOOLS)(
      'is proven by %s where egress listens later, but before the input ends',
      async (_, prefix) => {
        const later = `process.once('SIGUSR2', () => { ${SIDECARS} }); setInterval(() => 0, 9e9);`;
        await using bottle = guarded({}, ['node', '-e', later]);
        const backend = under.open();
        await upTrusted(backend, bottle);
        expect(await probe(backend, bottle, prefix)).toMatchObject({
          reason: 'the agent does not reach egress',
        });
        const serves = Promise.withResolvers<void>();
        const proof = probe(backend, bottle, prefix, serves.promise);
        await backend.signal(bottle.ref('sidecars'), 'SIGUSR2');
        const egress = bottle.sidecars.networks[0]?.address ?? '';
        const reach = `timeout 1 bash -c '</dev/tcp/${egress}/8080' 2>/dev/null && echo open || echo no`;
        await expect.poll(() => shell(backend, bottle.ref('agent'), reach)).toBe('open');
        serves.resolve();
        expect(await proof).toEqual({ proven: true });
      },
    );

    function guarded(agent: Partial<ContainerSpec> = {}, command = ['node', '-e', SIDECARS]) {
      // Port 53 is open to anybody there, since the container has its own network.
      return bottleUnderTest(under, 'dev', { sidecars: { command }, agent });
    }
  });
}

async function probe(
  backend: Backend,
  bottle: BottleUnderTest,
  prefix = '',
  inputEnds: Promise<void> = Promise.resolve(),
) {
  const script = isolationProbe({ caPath: '/tmp/ca.pem' });
  const result = await backend.exec(bottle.ref('agent'), {
    argv: ['sh', '-s'],
    stdin: prefix + script,
    user: null,
    timeoutMs: 10_000,
    inputEnds,
  });
  return judgeIsolation(result);
}

/** Comes up as a bottle of the controller does, its certificate installed before the agent starts. */
async function upTrusted(backend: Backend, bottle: BottleUnderTest, from = 0): Promise<void> {
  for (const step of bottle.steps.slice(from, 4)) await step(backend);
  await trust(backend, bottle);
  for (const step of bottle.steps.slice(4)) await step(backend);
}

async function trust(backend: Backend, bottle: BottleUnderTest): Promise<void> {
  const owner = { mode: 0o644, uid: 0, gid: 0 };
  const content = Buffer.from(CERTIFICATE);
  await backend.copyIn(bottle.ref('agent'), '/tmp', [{ path: 'ca.pem', content, ...owner }]);
  await backend.copyIn(bottle.ref('agent'), '/etc/ssl/certs', [
    { path: 'ca-certificates.crt', content: { linkTo: '/tmp/ca.pem' }, ...owner },
  ]);
}
