import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { dial as dialUpstream } from '../../../src/sidecars/egress/upstream/dial.ts';
import { egressRoute } from '../../builders/desired.ts';
import { dial } from './agent-client.ts';
import { startLimitedProxy } from './limited-proxy.ts';

const API = 'api.example.test';

/** A server that says nothing by itself. */
async function startSilent() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const taken = once(server, 'connection').then(([socket]) => socket as Socket);
  return { port, taken, [Symbol.dispose]: () => void server.close() };
}

describe('a connection to an upstream', () => {
  test.each([['gone', 0] as const, ['still there', 1] as const])(
    'that stands when its agent is %s is kept for %i request',
    async (agentIs, requests) => {
      using silent = await startSilent();
      const proxy = { host: '127.0.0.1', port: silent.port };
      using egress = await startLimitedProxy(
        { routes: [egressRoute(API, { ports: [80] })], upstream: { proxy } },
        {},
      );
      const agent = dial(egress);
      agent.write(`GET http://${API}/ HTTP/1.1\r\nHost: ${API}\r\n\r\n`);
      const upstream = await silent.taken;
      const [connect] = await once(upstream, 'data');
      expect(String(connect)).toContain(`CONNECT ${API}:80`);
      if (agentIs === 'gone') {
        agent.resetAndDestroy();
        // The next one is taken after that one was seen to be gone.
        const other = dial(egress);
        other.write('GET http://proxy.bb/ HTTP/1.1\r\nHost: other.test\r\n\r\n');
        await once(other, 'data');
        other.destroy();
      }
      let received = '';
      const heard = Promise.withResolvers<void>();
      upstream.on('data', (chunk) => {
        received += String(chunk);
        heard.resolve();
      });
      upstream.once('close', heard.resolve);
      upstream.write('HTTP/1.1 200 OK\r\n\r\n');
      await heard.promise;
      expect(received.split('GET / ').length - 1).toBe(requests);
      agent.destroy();
    },
  );

  test('that is lost before anybody uses it ends nobody', async () => {
    using silent = await startSilent();
    const target = { host: '127.0.0.1', port: silent.port, address: '127.0.0.1' };
    const socket = await dialUpstream({ ...target, proxy: null, tls: null });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    (await silent.taken).resetAndDestroy();
    // Reads, as TLS does by itself.
    socket.resume();
    await closed;
  });
});
