import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AttackedFleet, attackedFleet, SECRET } from './attacked-fleet.ts';
import type { AttackedPlaceOrNone } from './attacked-place.ts';
import { API, SECOND } from './attacked-upstreams.ts';
import { datagramAttacks } from './datagram-attacks.ts';
import { earlyAttacks } from './early-attacks.ts';
import { exhaustionAttacks } from './exhaustion-attacks.ts';
import { http2Attacks } from './http2-attacks.ts';
import { http2LeakAttacks } from './http2-leak-attacks.ts';
import { exchangeAll, inside } from './inside.ts';
import { LEAK_ATTACKS } from './leak-attacks.ts';
import { messageAttacks } from './message-attacks.ts';
import { outageAttacks } from './outage-attacks.ts';
import { placeholderAttacks } from './placeholder-attacks.ts';
import { proposalAttacks } from './proposal-attacks.ts';
import { rebindingAttacks } from './rebinding-attacks.ts';
import { REQUEST_ATTACKS, type RequestAttack } from './request-attacks.ts';
import { surroundings } from './surroundings.ts';
import { tableAttacks } from './table-attacks.ts';
import { WILDCARD_ATTACKS } from './wildcard-attacks.ts';
import { workspaceAttacks } from './workspace-attacks.ts';

const ATTACKS: readonly RequestAttack[] = [
  ...REQUEST_ATTACKS,
  ...LEAK_ATTACKS,
  ...WILDCARD_ATTACKS,
];

/** Attacks from inside a bottle that the real controller brought up, as its agent, each beside what is allowed. */
export function escapeSuite(place: AttackedPlaceOrNone): void {
  const { name: backend } = place;
  if (place.kind === 'none') {
    describe.skip(`escapes from ${backend} (${place.reason})`);
    return;
  }
  let attacked: AttackedFleet;
  beforeAll(async () => {
    attacked = await attackedFleet(place);
  });
  afterAll(() => attacked?.[Symbol.asyncDispose]());

  describe(`requests through egress (${backend})`, () => {
    const twins = ATTACKS.map(({ name, twin }) => ({ ...twin, name: `twin ${name}` }));
    const exchanges = [...ATTACKS, ...twins];
    let answers: Answers;
    beforeAll(async () => {
      answers = await exchangeAll(attacked.fleet, exchanges);
    });

    test.for(ATTACKS)('$name', ({ name, meets }) => {
      expect(answers[name]).toMatch(meets);
      expect(answers[`twin ${name}`]).toMatch(PASSES);
    });

    test('all of it meets the same while the table is replaced again and again', async () => {
      const { fleet, whileReloading } = attacked;
      const wrong: string[] = [];
      await whileReloading(async (reloads) => {
        while (reloads() < 2) {
          const during = await exchangeAll(fleet, exchanges);
          wrong.push(...ATTACKS.filter((one) => !isMet(one, during)).map(({ name }) => name));
        }
      });
      expect(wrong).toEqual([]);
    }, 120_000);

    test('nothing of it arrived but what is allowed', () => {
      const lines = attacked.arrived.map(({ host, line }) => `${host} ${line}`);
      const allowed =
        /^(?:api\.example\.test (?:GET|POST) \/public\/\S|second\.example\.test GET \/x$|guarded\.|a\.wild\.example\.test GET \/wild$)/;
      expect(lines.filter((line) => !allowed.test(line))).toEqual([]);
      expect(lines.length).toBeGreaterThan(ATTACKS.length / 2);
    });

    test('no secret arrived where none may', () => {
      const guarded = attacked.arrived.filter(({ host }) => host === 'guarded.example.test');
      expect(guarded.length).toBeGreaterThan(LEAK_ATTACKS.length - 1);
      expect(JSON.stringify(guarded)).not.toContain(SECRET);
    });

    test('refusals say nothing of the credential', () => {
      expect(Object.values(answers).join()).not.toContain(SECRET);
    });
  });

  test('the credential goes to its own host, and the agent’s own goes nowhere', async () => {
    const before = attacked.arrived.length;
    const own = 'Authorization: Bearer mine\r\nProxy-Authorization: Basic bWluZQ==\r\n';
    const disguised = 'AUTHORIZATION_: mine\r\nX_Http_Method_Override: DELETE\r\nTE: trailers\r\n';
    const head = (host: string, path: string) =>
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Team: blue\r\n${own}${disguised}\r\n`;
    const answers = await exchangeAll(attacked.fleet, [
      { name: 'api', tunnel: { target: API }, send: head(API, '/public/own') },
      { name: 'second', tunnel: { target: SECOND }, send: head(SECOND, '/x') },
      { name: 'away', tunnel: { target: API }, send: head(API, '/public/away') },
    ]);
    expect(answers['api']).toMatch(/^HTTP\/1\.1 200/);
    expect(answers['second']).toMatch(/^HTTP\/1\.1 200/);
    expect(answers['away']).toMatch(/^HTTP\/1\.1 302/);
    const arrived = attacked.arrived.slice(before);
    expect(arrived).toHaveLength(3);
    for (const { host, headers } of arrived) {
      const text = headers.join('\n');
      expect(text.includes(SECRET), host).toBe(host === 'api.example.test');
      expect(text).not.toMatch(/Bearer mine|bWluZQ|method_override/i);
    }
  });

  http2Attacks(() => attacked);
  http2LeakAttacks(() => attacked);
  messageAttacks(() => attacked);
  placeholderAttacks(() => attacked);
  rebindingAttacks(() => attacked);
  surroundings(() => attacked);
  datagramAttacks(() => attacked);
  proposalAttacks(() => attacked);
  workspaceAttacks(() => attacked);
  exhaustionAttacks(() => attacked);
  outageAttacks(() => attacked);
  earlyAttacks(() => attacked);
  tableAttacks(() => attacked);

  test('a connection that is kept is refused as soon as its route is gone', async () => {
    const { fleet, routes } = attacked;
    const seen = inside<readonly number[]>(fleet, 'node', KEPT);
    await expect
      .poll(() => attacked.arrived.some(({ line }) => line.includes('/public/kept')), ARRIVES)
      .toBe(true);
    await fleet.repository.commit({ 'desired-state/routes/api.yaml': routes('/elsewhere/') });
    await fleet.done('reconcile');
    const statuses = await seen;
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(403);
    await fleet.repository.commit({ 'desired-state/routes/api.yaml': routes('/public/') });
    await fleet.done('reconcile');
    const [again] = Object.values(await exchangeAll(fleet, [TWIN]));
    expect(again).toMatch(/^HTTP\/1\.1 200/);
  });

  test('the credential is in nothing that is written or shown', async () => {
    const { fleet } = attacked;
    const { git } = fleet.repository;
    const places = {
      plan: (await fleet.bb('plan', '--json')).all + (await fleet.bb('plan')).all,
      status: (await fleet.bb('status', '--json')).all,
      events: (await fleet.bb('events')).all,
      proposals: (await fleet.bb('proposals', '--all', '--json')).all,
      logs: (await fleet.bb('logs', 'dev', 'sidecars')).all,
      containers: await place.recordsOf(fleet, 'dev'),
      history: (await git('log', '-p', '--all')) + (await git('notes', '--ref=bb', 'list')),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text.length, place).toBeGreaterThan(0);
      expect(text.includes(SECRET), place).toBe(false);
    }
  });
}

type Answers = { readonly [name: string]: string };

const PASSES = /^HTTP\/1\.1 200 [\s\S]*example\.test got /;

function isMet({ name, meets }: RequestAttack, answers: Answers): boolean {
  return meets.test(answers[name] ?? '') && PASSES.test(answers[`twin ${name}`] ?? '');
}

/** A program that is started in a bottle takes its time on a machine with other things to do. */
const ARRIVES = { timeout: 20_000 };

const TWIN = {
  name: 'twin',
  tunnel: { target: API },
  send: `GET /public/x HTTP/1.1\r\nHost: ${API}\r\n\r\n`,
};

/** Asks over one TLS connection until it is refused, or cut while it waits for an answer. */
const KEPT = `
import net from 'node:net';
import tls from 'node:tls';
const socket = net.connect(8080, 'egress');
const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
socket.write('CONNECT ${API} HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
await new Promise((resolve) => socket.once('data', resolve));
const secure = tls.connect({ socket, servername: 'api.example.test', rejectUnauthorized: false });
secure.on('error', () => undefined);
const statuses = [];
const deadline = Date.now() + 20000;
while (statuses.at(-1) !== 403 && Date.now() < deadline) {
  secure.write('GET /public/kept HTTP/1.1\\r\\nHost: ${API}\\r\\n\\r\\n');
  const answer = await Promise.race([new Promise((resolve) => secure.once('data', resolve)), closed]);
  statuses.push(answer === 'closed' ? 403 : Number(answer.toString().slice(9, 12)));
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify(statuses));
process.exit(0);
`;
