import { beforeAll, describe, expect, test } from 'vitest';
import type { AttackedFleet } from './attacked-fleet.ts';
import { API, SECOND } from './attacked-upstreams.ts';
import { HTTP2_CLIENT } from './http2-client.ts';
import { inside } from './inside.ts';

/** One stream on a connection to `API`, or to another authority. */
interface Stream {
  readonly name: string;
  /** In place of those of the twin. */
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body?: string;
  /** Of the CONNECT; `API` where it is not given. */
  readonly target?: string;
  /** Name in the TLS hello; null = none. */
  readonly sni?: string | null;
}

const SMUGGLED = `GET /private HTTP/1.1\r\nHost: ${API}\r\n\r\n`;
const PATHS = [
  '/private',
  '/PUBLIC/x',
  '/public/../private',
  '/public/%2e%2e/private',
  '/public/..;/private',
  '/public/%252e%252e/private',
  '/public//..//private',
  '/public/x%00',
  '/public/x#/../private',
  `https://${SECOND}/x`,
  '*',
];

/** Goes on without that header: a name or value that cannot be is dropped before anything is decided. */
const BROKEN_LINE: Stream = {
  name: 'a header that ends its line',
  headers: { ':path': '/public/line', 'x-a': `b\r\nHost: ${SECOND}` },
};

const ATTACKS: readonly Stream[] = [
  ...PATHS.map((path) => ({ name: `path ${path}`, headers: { ':path': path } })),
  { name: 'another host on this connection', headers: { ':authority': SECOND } },
  { name: 'another port on this connection', headers: { ':authority': 'api.example.test' } },
  { name: 'a user before the host', headers: { ':authority': `x@${API}` } },
  { name: 'a Host that is another', headers: { host: SECOND } },
  { name: 'a forwarded host in two readings', headers: { ':authority': `${API},${SECOND}` } },
  { name: 'plain HTTP on this connection', headers: { ':scheme': 'http' } },
  { name: 'TRACE', headers: { ':method': 'TRACE' } },
  { name: 'a NUL in a header', headers: { 'x-a': 'b\0c' } },
  {
    name: 'more than its length',
    headers: { ':method': 'POST', 'content-length': '1' },
    body: `x${SMUGGLED}`,
  },
  {
    name: 'less than its length',
    headers: { ':method': 'POST', 'content-length': '900' },
    body: SMUGGLED,
  },
  {
    name: 'git push',
    headers: { ':path': '/public/r.git/info/refs?service=git-receive-pack' },
  },
  { name: 'another server name', headers: {}, sni: 'second.example.test' },
  {
    name: 'another host on a connection without a server name',
    headers: { ':authority': SECOND },
    sni: null,
  },
  {
    name: 'a header of the match sent twice',
    target: SECOND,
    headers: { ':authority': SECOND, ':path': '/x', 'x-team': ['blue', 'red'] },
  },
  {
    name: 'a method that the route does not have',
    target: SECOND,
    headers: { ':authority': SECOND, ':path': '/x', 'x-team': 'blue', ':method': 'DELETE' },
  },
];

/** What came of it, and of the plain request that came after it on the same connection. */
interface Found {
  readonly [name: string]: { readonly attack: string; readonly twin: string };
}

/** The same attacks by HTTP/2, each on a connection that carries an allowed request too. */
export function http2Attacks(attacked: () => AttackedFleet): void {
  describe('requests over HTTP/2', () => {
    let found: Found;
    let lines: readonly string[];
    beforeAll(async () => {
      const before = attacked().arrived.length;
      found = await inside(attacked().fleet, 'node', PROGRAM);
      lines = attacked()
        .arrived.slice(before)
        .map(({ host, line }) => `${host} ${line}`);
    });

    test.for(ATTACKS)('$name', ({ name, sni }) => {
      expect(found[name]?.attack).toMatch(/^(?:400|403|421|reset)$/);
      // With the wrong name in TLS, nothing on the connection passes.
      expect(found[name]?.twin).toBe(sni === 'second.example.test' ? '421' : '200');
    });

    test('a header that ends its line is dropped', () => {
      expect(found[BROKEN_LINE.name]).toEqual({ attack: '200', twin: '200' });
      const arrived = attacked().arrived.filter(({ line }) => line === 'GET /public/line');
      expect(arrived.flatMap(({ headers }) => headers).join('\n')).not.toMatch(/x-a|second/);
    });

    test('without TLS are not read', () => {
      expect(found['h2c']?.attack).toMatch(/^HTTP\/1\.1 (?:400|505) /);
    });

    test('nothing of it arrived but what is allowed', () => {
      const allowed =
        /^(?:api\.example\.test GET \/public\/(?:twin|line)|second\.example\.test GET \/twin)$/;
      expect(lines.filter((line) => !allowed.test(line))).toEqual([]);
      expect(lines).toHaveLength(ATTACKS.length + 1);
    });
  });
}

const PROGRAM = `${HTTP2_CLIENT}
const attacks = ${JSON.stringify([...ATTACKS, BROKEN_LINE])};
const found = {};
await Promise.all(attacks.map(async (one) => {
  const { target = '${API}', body } = one;
  const parts = body === undefined ? {} : { pieces: [body] };
  const plain = target === '${API}'
    ? { ':authority': target, ':path': '/public/twin' }
    : { ':authority': target, ':path': '/twin', 'x-team': 'blue' };
  const session = await open({ ...one, target });
  const attack = await ask(session, { ...plain, ':path': '/public/x', ...one.headers }, parts);
  // A broken frame may end the connection with its stream.
  const other = session.closed || session.destroyed ? await open({ ...one, target }) : session;
  found[one.name] = { attack, twin: await ask(other, plain) };
  session.destroy();
  other.destroy();
}));
found['h2c'] = { twin: '', attack: await new Promise((resolve) => {
  const socket = net.connect(8080, 'egress', () => socket.write('PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n'));
  socket.on('error', () => resolve('reset')).once('data', (chunk) => resolve(chunk.toString()));
}) };
process.stdout.write(JSON.stringify(found), () => process.exit(0));
`;
