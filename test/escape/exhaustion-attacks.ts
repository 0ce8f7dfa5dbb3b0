import { describe, expect, test } from 'vitest';
import type { AttackedFleet } from './attacked-fleet.ts';
import { API } from './attacked-upstreams.ts';
import { exchangeAll, inside } from './inside.ts';

/** What `base.yaml` gives a bottle. */
const MOST_PROCESSES = 128;
const MOST_MEBIBYTES = 256;

/** An agent that takes all it can, beside a bottle that only wants to work. */
export function exhaustionAttacks(attacked: () => AttackedFleet): void {
  const works = async (bottle: string, path: string) => {
    const send = `GET ${path} HTTP/1.1\r\nHost: ${API}\r\n\r\n`;
    const { answer } = await exchangeAll(
      attacked().fleet,
      [{ name: 'answer', tunnel: { target: API }, send }],
      bottle,
    );
    return answer;
  };
  const OK = /^HTTP\/1\.1 200 /;

  describe('resources', () => {
    test('processes end at the limit, and while they are held the neighbour works', async (context) => {
      const { fleet, arrived, place } = attacked();
      if (place.atLimits === 'ended') return context.skip(ENDED);
      const forks = inside<{ made: number }>(fleet, 'python3', FORKS);
      await expect
        .poll(() => arrived.some(({ line }) => line.includes('/public/forked')), ARRIVES)
        .toBe(true);
      expect(await works('other', '/public/beside-forks')).toMatch(OK);
      const { made } = await forks;
      expect(made).toBeGreaterThan(MOST_PROCESSES / 4);
      expect(made).toBeLessThan(MOST_PROCESSES);
      expect(await works('dev', '/public/after-forks')).toMatch(OK);
    });

    test('memory ends at the limit, and the bottle and its neighbour go on', async (context) => {
      const { fleet, place } = attacked();
      if (!place.limitsMemory) return context.skip('nothing bounds memory here: said by bb status');
      if (place.atLimits === 'ended') return context.skip(ENDED);
      const { least, most } = await inside<{ least: string; most: string }>(
        fleet,
        'python3',
        MEMORY,
      );
      expect(least).toBe('exited 0');
      expect(most).toMatch(/^(?:killed 9|exited [1-9])/);
      expect(await works('other', '/public/beside-memory')).toMatch(OK);
      expect(await works('dev', '/public/after-memory')).toMatch(OK);
    });

    test.for([
      ['processes', FORKS],
      ['memory', MEMORY],
    ] as const)(
      'past the limit of %s that bottle alone ends, and is started again',
      {
        timeout: 120_000,
      },
      async ([what, program], context) => {
        const { fleet, place } = attacked();
        if (place.atLimits === 'told')
          return context.skip('the agent is told, and its bottle goes on');
        const taken = inside(fleet, 'python3', program).catch((error: Error) => error);
        expect(await works('other', `/public/beside-${what}`)).toMatch(OK);
        expect(await taken).toBeInstanceOf(Error);
        expect(await works('other', `/public/after-${what}`)).toMatch(OK);
        await fleet.done('reconcile');
        expect(await works('dev', `/public/again-${what}`)).toMatch(OK);
      },
    );

    test('connections that say nothing keep nobody else from egress', async () => {
      const { fleet } = attacked();
      const { opened, answer } = await inside<{ opened: number; answer: string }>(
        fleet,
        'node',
        CONNECTIONS,
      );
      expect(opened).toBeGreaterThan(100);
      expect(answer).toBe('200');
      expect(await works('other', '/public/beside-connections')).toMatch(OK);
    });
  });
}

const ENDED = 'all of the bottle ends there, which is told below';
const ARRIVES = { timeout: 20_000 };

/** In Python: tells the upstream through egress. */
const TELL = `
import socket, ssl
def tell(path):
    context = ssl._create_unverified_context()
    with socket.create_connection(('egress', 8080), 10) as plain:
        plain.sendall(b'CONNECT ${API} HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n')
        plain.recv(4096)
        with context.wrap_socket(plain, server_hostname='api.example.test') as secure:
            secure.sendall(('GET ' + path + ' HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n').encode())
            return secure.recv(4096)
`;

/** As many processes as there can be, at most 2000, held until they were looked at for two seconds. */
const FORKS = `${TELL}
import json, os, signal, time
children = []
try:
    while len(children) < 2000:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except OSError: pass
tell('/public/forked')
time.sleep(2)
for child in children: os.kill(child, 9)
for child in children: os.waitpid(child, 0)
print(json.dumps({'made': len(children)}))
`;

/** A quarter of what there is, then four times as much, each in a process of its own. */
const MEMORY = `
import json, os
def take(mebibytes):
    child = os.fork()
    if child == 0:
        try:
            held = bytearray(mebibytes << 20)
            for at in range(0, len(held), 4096): held[at] = 1
            os._exit(0)
        except MemoryError: os._exit(1)
    status = os.waitpid(child, 0)[1]
    return 'killed %d' % os.WTERMSIG(status) if os.WIFSIGNALED(status) else 'exited %d' % os.WEXITSTATUS(status)
print(json.dumps({'least': take(${MOST_MEBIBYTES / 4}), 'most': take(${MOST_MEBIBYTES * 4})}))
`;

/** Half of them without a word, half with a request that never ends; then one that is in order. */
const CONNECTIONS = `
import net from 'node:net';
import tls from 'node:tls';
const sockets = [];
const open = (index) => new Promise((resolve) => {
  const socket = net.connect(8080, 'egress', () => {
    if (index % 2) socket.write('CONNECT ${API} HTTP/1.1\\r\\nX-Slow: ');
    resolve(true);
  });
  socket.on('error', () => resolve(false));
  sockets.push(socket);
});
const opened = (await Promise.all(Array.from({ length: 600 }, (_, index) => open(index)))).filter(Boolean).length;
const ask = () => new Promise((resolve) => {
  const socket = net.connect(8080, 'egress');
  socket.on('error', ({ code }) => resolve(code));
  socket.on('close', () => resolve('closed'));
  socket.setTimeout(5000, () => resolve('silent'));
  socket.write('CONNECT ${API} HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
  socket.once('data', (chunk) => {
    if (!chunk.toString().startsWith('HTTP/1.1 200')) return resolve(chunk.toString());
    const secure = tls.connect({ socket, servername: 'api.example.test', rejectUnauthorized: false });
    secure.on('error', ({ code }) => resolve(code));
    secure.once('data', (answer) => resolve(answer.toString().slice(9, 12)));
    secure.write('GET /public/beside HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
  });
});
const answer = await ask();
for (const socket of sockets) socket.destroy();
console.log(JSON.stringify({ opened, answer }));
process.exit(0);
`;
