import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprint } from '../../../../src/model/fingerprint.ts';
import { type BottleName, parseProposalId } from '../../../../src/model/names.ts';
import type { Proposal } from '../../../../src/model/proposal.ts';
import { diskQueueFiles } from '../../../../src/supervise/disk-queue-files.ts';
import { parseProposalFile } from '../../../../src/supervise/proposal-file.ts';
import { egressRoute } from '../../../builders/desired.ts';
import { eventually } from '../../../eventually.ts';
import { type Answer, send, tunnel } from '../agent-client.ts';
import { EgressHarness } from '../harness.ts';
import { startUpstream, type Upstream } from '../upstream.ts';

const HOST = 'held.example.test';
const SECRET = 's3cr3t-Hunter2-of-the-suite';

let upstream: Upstream;
let egress: EgressHarness;

beforeEach(async () => {
  upstream = await startUpstream([HOST]);
  egress = new EgressHarness();
  mkdirSync(queue(), { recursive: true });
  const dlp = { outbound: ['known_secrets'], onMatch: 'supervise' } as const;
  const route = egressRoute(HOST, { ports: [upstream.port], dlp, addresses: ['127.0.0.1/32'] });
  egress.publish({ routes: [route], upstream: upstream.settings, secrets: { api: SECRET } });
  await egress.start();
});

afterEach(async () => {
  await egress?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

const queue = (): string => join(egress.root, 'queue');

/** What the controller gives the supervise sidecar. */
function settings(waitSeconds: number, maxPendingPerBottle = 5): void {
  const folder = join(egress.root, 'supervise/in/gen-1');
  mkdirSync(folder, { recursive: true });
  const content = {
    generation: 1,
    bottle: 'dev',
    hash: fingerprint({}),
    waitSeconds,
    maxPendingPerBottle,
  };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(content));
  symlinkSync('gen-1', join(egress.root, 'supervise/in/current'));
}

function post(body: string): Promise<Answer> {
  return send(egress, `https://${HOST}:${upstream.port}/in`, { method: 'POST', body });
}

async function waiting(): Promise<readonly Proposal[]> {
  const names = (await readdir(queue())).filter((name) => name.endsWith('.proposal.json'));
  return Promise.all(
    names.map(async (name) => {
      const id = parseProposalId(name.split('.')[0] ?? '');
      if (id === undefined) throw new Error(`${name} is no proposal`);
      const text = await readFile(join(queue(), name), 'utf8');
      expect(text).not.toContain(SECRET);
      const parsed = parseProposalFile(text, { id, bottle: 'dev' as BottleName });
      if (!parsed.ok) throw new Error(parsed.reason);
      return parsed.value;
    }),
  );
}

function asked(count: number): Promise<readonly Proposal[]> {
  return eventually(`${count} proposals wait`, async () => {
    const all = await waiting();
    return all.length === count ? all : undefined;
  });
}

async function decide({ id }: Proposal, state: 'approved' | 'rejected', notes: string | null) {
  const decidedAt = new Date().toISOString();
  const response = { id, state, decidedAt, operator: 'olga', notes, final: null, revision: null };
  await diskQueueFiles.publishOnce(join(queue(), `${id}.response.json`), JSON.stringify(response));
}

test('waits for the operator, who sees what was found and around it, and goes when it is approved', async () => {
  settings(30);
  const answer = post(`the key is ${SECRET}, keep it`);
  const [proposal] = await asked(1);
  expect(proposal?.request).toMatchObject({
    tool: 'egress-token-allow',
    host: HOST,
    method: 'POST',
    surface: 'body',
    found: ['known_secrets:api'],
    context: 'the key is ******-*******-**-***-*****, keep it',
  });
  expect(upstream.seen).toEqual([]);
  if (proposal !== undefined) await decide(proposal, 'approved', null);
  expect((await answer).status).toBe(200);
  expect(upstream.seen).toHaveLength(1);
});

test('a rejection refuses it with the reason', async () => {
  settings(30);
  const answer = post(SECRET);
  const [proposal] = await asked(1);
  if (proposal !== undefined) await decide(proposal, 'rejected', 'use the mirror');
  const { status, body } = await answer;
  expect([status, body.includes('use the mirror')]).toEqual([403, true]);
  expect(upstream.seen).toEqual([]);
});

test('an approval after the wait lets the same request go once, and no other', async () => {
  settings(0);
  const first = await post(`a ${SECRET}`);
  expect(first.status).toBe(403);
  const [proposal] = await asked(1);
  expect(first.body).toContain(proposal?.id);
  if (proposal !== undefined) await decide(proposal, 'approved', null);
  expect((await post(`b ${SECRET}`)).status).toBe(403);
  expect(upstream.seen).toEqual([]);
  expect((await post(`a ${SECRET}`)).status).toBe(200);
  expect((await post(`a ${SECRET}`)).status).toBe(403);
  expect(upstream.seen).toHaveLength(1);
});

test('where nobody can be asked, or too many wait, it is refused', async () => {
  expect((await post(SECRET)).status).toBe(403);
  settings(0, 1);
  expect((await post(`a ${SECRET}`)).status).toBe(403);
  const { status, body } = await post(`b ${SECRET}`);
  expect([status, body.includes('limit')]).toEqual([403, true]);
  expect(await waiting()).toHaveLength(1);
  expect((await post('harmless')).status).toBe(200);
  expect(upstream.seen).toHaveLength(1);
});

test('a request over HTTP/2 that waits is ended by a table, and others go on', async () => {
  settings(30);
  const target = `${HOST}:${upstream.port}`;
  const socket = await tunnel(egress, { target, protocols: ['h2'] });
  const session = connect(`https://${target}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  const held = session.request({ ':method': 'POST', ':path': '/in' });
  held.on('error', () => undefined).end(SECRET);
  await asked(1);
  await egress.enforce({ upstream: upstream.settings });
  await eventually('it ends', () => held.closed);
  const routes = [egressRoute(HOST, { ports: [upstream.port], addresses: ['127.0.0.1/32'] })];
  await egress.enforce({ routes, upstream: upstream.settings });
  expect((await post('harmless')).status).toBe(200);
  session.destroy();
});
