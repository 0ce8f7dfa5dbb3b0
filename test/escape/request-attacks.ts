import { API, SECOND } from './attacked-upstreams.ts';
import type { Exchange } from './inside.ts';

/** What an agent sends, what it must get, and the same request as the table allows it. */
export interface RequestAttack extends Exchange {
  readonly meets: RegExp;
  readonly twin: Omit<Exchange, 'name'>;
}

const HOST = 'api.example.test';
const REFUSED = /^HTTP\/1\.1 (?:400|403|405|421|501) /;
const tunnel = { target: API };

/** A GET of the allowed path inside the tunnel, `more` being whole header lines. */
function get(path = '/public/x', more = '', host = API): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
}

const TWIN = { tunnel, send: get() };

function attack(name: string, exchange: Omit<Exchange, 'name'>, meets = REFUSED, twin = TWIN) {
  return { name, ...exchange, meets, twin } satisfies RequestAttack;
}

const PATHS = [
  '/private',
  '/publicx',
  '/public',
  '/PUBLIC/x',
  '/public/../private',
  '/public/..',
  '/public/%2e%2e/private',
  '/public/..;/private',
  '/public/%2e%2e%2fprivate',
  '/public/..%5cprivate',
  '/public\\..\\private',
  '/public//..//private',
  '//public/x',
  '/public/%252e%252e/private',
  '/public/%c0%ae%c0%ae/private',
  '/public/x%00',
  '/public/x%0d%0aX: y',
  '/public/x#/../private',
];

/** Names and notations; each asked for by CONNECT and by an absolute URL. */
const NAMES = [
  'xapi.example.test',
  'api.example.test.evil.test',
  'api.example.test.',
  'api..example.test',
  '.api.example.test',
  'api.example.test%00.evil.test',
  'api.example.test@evil.test',
  'evil.test@api.example.test',
  'xn--pi-7sb.example.test',
  '\u00e0pi.example.test',
  `${'a'.repeat(64)}.example.test`,
  '*.example.test',
  'localhost',
  'supervise',
  'egress',
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0.0.0.0',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '169.254.169.254',
  '[fd00:ec2::254]',
  'metadata.google.internal',
  'host.docker.internal',
];

const CLTE = 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n';
const SMUGGLED = 'GET /private HTTP/1.1\r\nHost: api.example.test:8443\r\n\r\n';
const post = (headers: string, body: string): string =>
  `POST /public/x HTTP/1.1\r\nHost: ${API}\r\n${headers}\r\n${body}`;
const POSTED = { tunnel, send: post('Transfer-Encoding: chunked\r\n', '1\r\nx\r\n0\r\n\r\n') };

export const REQUEST_ATTACKS: readonly RequestAttack[] = [
  ...PATHS.map((path) => attack(`path ${path}`, { tunnel, send: get(path) })),
  ...NAMES.flatMap((name) => [
    attack(`CONNECT ${name}`, {
      tunnel: { target: `${name}:443`, sni: null },
      send: get('/', '', name),
    }),
    attack(`absolute URL of ${name}`, {
      send: `GET http://${name}:9100/mcp HTTP/1.1\r\nHost: ${name}:9100\r\n\r\n`,
    }),
  ]),
  attack('CONNECT to a port that no route declares', {
    tunnel: { target: `${HOST}:22` },
    send: get(),
  }),
  attack('CONNECT with another Host', { tunnel: { target: API, host: SECOND }, send: get() }),
  attack('another Host inside the tunnel', { tunnel, send: get('/public/x', '', SECOND) }),
  attack('another port in Host', { tunnel, send: get('/public/x', '', `${HOST}:443`) }),
  attack('two Host headers', { tunnel, send: get('/public/x', `Host: ${SECOND}\r\n`) }),
  attack('no Host header', { tunnel, send: 'GET /public/x HTTP/1.1\r\n\r\n' }),
  attack('another server name', {
    tunnel: { target: API, sni: 'second.example.test' },
    send: get(),
  }),
  attack('an absolute URL of another host inside the tunnel', {
    tunnel,
    send: get(`https://${SECOND}/public/x`),
  }),
  attack('CONNECT inside the tunnel', {
    tunnel,
    send: `CONNECT ${API} HTTP/1.1\r\nHost: ${API}\r\n\r\n`,
  }),
  attack('a credential over plain HTTP', {
    send: `GET http://${API}/public/x HTTP/1.1\r\nHost: ${API}\r\n\r\n`,
  }),
  attack('TRACE', { tunnel, send: get().replace('GET', 'TRACE') }),
  attack('a WebSocket', {
    tunnel,
    send: get('/public/x', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
  }),
  attack('a Connection header that names another header', {
    tunnel,
    send: get('/public/x', 'Connection: x-team\r\n'),
  }),
  attack('both lengths', { tunnel, send: post(CLTE, `0\r\n\r\n${SMUGGLED}`) }, REFUSED, POSTED),
  attack(
    'two lengths',
    { tunnel, send: post('Content-Length: 0\r\nContent-Length: 5\r\n', SMUGGLED) },
    REFUSED,
    POSTED,
  ),
  attack(
    'a coding that is nearly chunked',
    { tunnel, send: post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`) },
    REFUSED,
    POSTED,
  ),
  attack(
    'a coding with a blank before the colon',
    { tunnel, send: post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`) },
    REFUSED,
    POSTED,
  ),
  attack(
    'a signed length',
    { tunnel, send: post('Content-Length: +5\r\n', SMUGGLED) },
    REFUSED,
    POSTED,
  ),
  attack('a bare line feed in a header', {
    tunnel,
    send: `GET /public/x HTTP/1.1\nHost: ${API}\nX: y\n\n`,
  }),
  attack('a header that goes on in the next line', {
    tunnel,
    send: get('/public/x', 'X-A: b\r\n Host: second.example.test\r\n'),
  }),
  attack('a NUL in a header', { tunnel, send: get('/public/x', 'X-A: a\0b\r\n') }),
  attack(
    'a pipelined request that is not allowed',
    { tunnel, send: get() + get('/private') },
    /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 403 /,
    { tunnel, send: get() + get('/public/y') },
  ),
  attack('git push', { tunnel, send: get('/public/r.git/info/refs?service=git-receive-pack') }),
  attack(
    'git fetch over a route without it',
    {
      tunnel: { target: SECOND },
      send: get('/r.git/info/refs?service=git-upload-pack', 'X-Team: blue\r\n', SECOND),
    },
    REFUSED,
    { tunnel, send: get('/public/r.git/info/refs?service=git-upload-pack') },
  ),
  attack(
    'a method that the route does not have',
    {
      tunnel: { target: SECOND },
      send: `DELETE /x HTTP/1.1\r\nHost: ${SECOND}\r\nX-Team: blue\r\n\r\n`,
    },
    REFUSED,
    { tunnel: { target: SECOND }, send: get('/x', 'X-Team: blue\r\n', SECOND) },
  ),
  attack(
    'a header of the match in two spellings',
    {
      tunnel: { target: SECOND },
      send: get('/x', 'X-Team: blue\r\nX_Team: red\r\n', SECOND),
    },
    REFUSED,
    { tunnel: { target: SECOND }, send: get('/x', 'X-Team: blue\r\n', SECOND) },
  ),
];
