import { NEARLY_WILD, WILD } from './attacked-upstreams.ts';
import type { RequestAttack } from './request-attacks.ts';

const REFUSED = /^HTTP\/1\.1 (?:400|403|421) /;
const [INSIDE = '', DEEPER = ''] = WILD.names;

/** Names at the edges of `*.wild.example.test`, each beside one that the wildcard stands for. */
export const WILDCARD_ATTACKS: readonly RequestAttack[] = [
  ...[
    ...NEARLY_WILD,
    '.wild.example.test',
    '*.wild.example.test',
    '..wild.example.test',
    `${INSIDE}.`,
    'a..wild.example.test',
    '-.wild.example.test',
    'a%2ewild.example.test',
    'a.wild.example.test%00',
    'a\u3002wild.example.test',
    '\u00e0.wild.example.test',
    'a/.wild.example.test',
    'a@wild.example.test',
    'evil.test#.wild.example.test',
    'evil.test\\.wild.example.test',
    `${'a'.repeat(64)}.wild.example.test`,
    '127.0.0.1.wild.example.test:8446:8446',
  ].map((name, index) => attack(name, index % 2 === 0 ? INSIDE : DEEPER)),
  attack('a.wild.example.test', INSIDE.toUpperCase(), '443'),
];

/** The twin shows in passing that case counts for nothing, and that a wildcard covers every depth. */
function attack(name: string, allowed: string, port = String(WILD.port)): RequestAttack {
  return {
    name: `the name ${JSON.stringify(name)} on ${port}, near a wildcard`,
    ...asked(name, port, null),
    meets: REFUSED,
    twin: asked(allowed, String(WILD.port), allowed.toLowerCase()),
  };
}

function asked(name: string, port: string, sni: string | null) {
  const target = `${name}:${port}`;
  return { tunnel: { target, sni }, send: `GET /wild HTTP/1.1\r\nHost: ${target}\r\n\r\n` };
}
