import { createSocket, type Socket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';
import { eventually } from '../../eventually.ts';

const engine = await dockerUnderTest();
const settingOf = (name: string): string => `/proc/sys/net/ipv4/conf/${name}/rp_filter`;
const isFiltered = readFileSync(settingOf('all'), 'utf8').trim() !== '0';

if (engine.kind === 'none') describe.skip(`docker: broadcasts (${engine.reason})`);
else if (isFiltered) describe.skip('docker: broadcasts (this host filters those of all bridges)');
else {
  const { under, docker } = engine;
  describe('docker: broadcasts', () => {
    const heard: string[] = [];
    let host: Socket;
    let port = 0;
    beforeAll(async () => {
      host = createSocket('udp4', (message) => heard.push(message.toString()));
      await new Promise<void>((resolve) => host.bind(0, () => resolve()));
      port = host.address().port;
    });
    afterAll(() => host?.close());

    it('of an agent are not heard by the host, also not on a bridge that the engine made anew', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const network = docker.getNetwork(runtimeName(bottle.ref('internal-network')));
      const { Id } = await network.inspect();
      const bridge = settingOf(`br-${Id.slice(0, 12)}`);
      const { stdin, argv } = sending(bottle.agent.networks[0]?.address ?? '', port);
      const say = (words: string) =>
        backend.exec(bottle.ref('agent'), {
          ...{ argv: [...argv, words], stdin, user: null, timeoutMs: 10_000 },
        });

      expect(readFileSync(bridge, 'utf8').trim()).toBe('1');
      expect((await say('first')).exitCode).toBe(0);
      writeFileSync(bridge, '0');
      expect((await say('unfiltered')).exitCode).toBe(0);
      await eventually('the host hears it', () => heard.includes('unfiltered'));
      await backend.stop(bottle.ref('agent'), 0);
      await backend.start(bottle.ref('agent'));
      expect((await say('last')).exitCode).toBe(0);
      // What comes after it on the way that is open was sent later.
      writeFileSync(bridge, '0');
      await say('unfiltered again');
      await eventually('the host hears it again', () => heard.includes('unfiltered again'));
      expect(new Set(heard)).toEqual(new Set(['unfiltered', 'unfiltered again']));
    });
  });
}

/** A program that says its last argument to everybody on the link of `own`. */
function sending(own: string, port: number) {
  const program = `
const socket = require('node:dgram').createSocket('udp4');
socket.bind(0, '${own}', () => {
  socket.setBroadcast(true);
  const words = process.argv.at(-1);
  socket.send(words, ${port}, '255.255.255.255', () => socket.send(words, ${port}, '224.0.0.1', () => socket.close()));
});`;
  return { argv: ['node', '-'], stdin: program };
}
