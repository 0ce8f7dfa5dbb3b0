import { symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { connectAgent, startSupervisor } from './supervisor-for-tests.ts';

type Agent = Awaited<ReturnType<typeof connectAgent>>;

async function call(agent: Agent, name: string, input: object) {
  const { isError, structuredContent } = await agent.callTool({ name, arguments: { ...input } });
  const answer: { readonly [field: string]: unknown } = {
    ...Object(structuredContent),
    isError: isError === true,
  };
  return answer;
}

const because = { justification: 'the build needs it' };

test('R38 a URL that failed is proposed as its host, once', async () => {
  await using bottle = await startSupervisor();
  await using agent = await connectAgent(bottle.port);
  const failed_url = 'https://Files.Example.test:443/v1/a.tgz?x=1';
  const answer = await call(agent, 'pipelock-block', { failed_url, ...because });
  expect(answer).toMatchObject({ isError: false, status: 'pending', failed_url });
  expect(await call(agent, 'pipelock-block', { failed_url, ...because })).toMatchObject({
    id: answer['id'],
  });
  expect((await bottle.store.pending()).map(({ proposal }) => proposal.request)).toEqual([
    { tool: 'pipelock-block', failedUrl: failed_url, host: 'files.example.test' },
  ]);
});

test.each([
  'ftp://files.example.test/',
  'https://',
  'https://user:word@files.example.test/',
  'https://files.example.test:8443/',
  'https://10.0.0.1/',
  'https://0x7f.1/',
  'https://fi\u200bles.example.test/',
  'https://files.example.test/ b',
  'https://*.example.test/',
  'https://files.example.test\\@evil.test/',
  `https://files.example.test/${'x'.repeat(2_048)}`,
])('the URL %j is refused with the reason, and nothing is queued', async (failed_url) => {
  await using bottle = await startSupervisor();
  await using agent = await connectAgent(bottle.port);
  const answer = await call(agent, 'pipelock-block', { failed_url, ...because });
  expect(answer).toMatchObject({ isError: true, problems: [{ field: 'failed_url' }] });
  expect(await bottle.store.pending()).toEqual([]);
});

test('a whole Dockerfile is proposed; a part of one, or one that hides something, is not', async () => {
  await using bottle = await startSupervisor();
  await using agent = await connectAgent(bottle.port);
  const propose = (dockerfile: string) =>
    call(agent, 'capability-block', { dockerfile, ...because });
  for (const bad of [
    'RUN true',
    '',
    'FROM x\nRUN a\u202eb',
    'FROM x\r\nRUN a',
    '# escape=`\nFROM x\n',
    'x'.repeat(70_000),
  ]) {
    expect(await propose(bad)).toMatchObject({
      isError: true,
      problems: [{ field: 'dockerfile' }],
    });
  }
  const dockerfile = '# syntax of mine\nARG BASE\nFROM $BASE\nRUN \\\n  true\n';
  expect(await propose(dockerfile)).toMatchObject({ isError: false, status: 'pending' });
  expect((await bottle.store.pending()).map(({ proposal }) => proposal.request)).toEqual([
    { tool: 'capability-block', dockerfile },
  ]);
});

const DENYING = {
  generation: 1,
  routes: [],
  allowlist: [],
  deny: [
    { host: 'paste.test', reason: 'exfiltration', file: 'bottles/base.yaml' },
    { host: '*.ngrok.test', reason: null, file: 'bottles/base.yaml' },
  ],
};

test('what the live table denies is not even proposed, with the file and the reason; the rest is', async () => {
  await using bottle = await startSupervisor({}, async () => DENYING);
  await using agent = await connectAgent(bottle.port);
  const told = 'is denied by bottles/base.yaml';
  expect(await call(agent, 'egress-block', { host: 'Paste.test', ...because })).toMatchObject({
    isError: true,
    status: 'refused',
    reason: `paste.test ${told} (exfiltration), and no approval goes over that`,
  });
  const failed_url = 'https://x.ngrok.test/a';
  expect(await call(agent, 'pipelock-block', { failed_url, ...because })).toMatchObject({
    isError: true,
    reason: expect.stringContaining(`x.ngrok.test ${told}`),
  });
  expect(await bottle.store.pending()).toEqual([]);
  for (const host of ['ngrok.test', 'below.paste.test']) {
    expect(await call(agent, 'egress-block', { host, ...because })).toMatchObject({
      isError: false,
      status: 'pending',
    });
  }
  expect(await call(agent, 'list-egress-routes', {})).toMatchObject({
    denied: [{ host: 'paste.test', reason: 'exfiltration' }, { host: '*.ngrok.test' }],
  });
});

test('where egress cannot be asked a proposal is taken: approving it is refused as well', async () => {
  await using bottle = await startSupervisor({}, () => Promise.reject(new Error('it is gone')));
  await using agent = await connectAgent(bottle.port);
  expect(await call(agent, 'egress-block', { host: 'paste.test', ...because })).toMatchObject({
    status: 'pending',
  });
});

test('a withdrawal is taken once the controller has it, and frees the same request', async () => {
  await using bottle = await startSupervisor();
  await using agent = await connectAgent(bottle.port);
  const ask = { host: 'api.example.test', ...because };
  const first = await call(agent, 'egress-block', ask);
  const cancelled = call(agent, 'cancel-proposal', { id: first['id'] });
  await expect.poll(async () => (await bottle.store.pending())[0]?.withdrawn).toBe(true);
  const second = await call(agent, 'egress-block', ask);
  expect(second['id']).not.toBe(first['id']);
  const [record] = await bottle.store.pending();
  if (record === undefined) throw new Error('nothing waits');
  await bottle.store.respond({
    id: record.proposal.id,
    state: 'cancelled',
    decidedAt: '2026-01-01T00:00:00.000Z',
    operator: 'dev',
    notes: 'withdrawn by the agent',
    final: null,
    revision: null,
  });
  expect(await cancelled).toMatchObject({
    status: 'cancelled',
    reason: 'withdrawn by the agent',
  });
});

test('a status is asked for with a wait of its own, within bounds', async () => {
  await using bottle = await startSupervisor({ waitSeconds: 0 });
  await using agent = await connectAgent(bottle.port);
  const { id } = await call(agent, 'egress-block', { host: 'api.example.test', ...because });
  const startMs = performance.now();
  expect(await call(agent, 'proposal-status', { id, waitSeconds: 0.3 })).toMatchObject({
    status: 'pending',
  });
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(290);
  for (const waitSeconds of [-1, 301, '1']) {
    expect(await call(agent, 'proposal-status', { id, waitSeconds })).toMatchObject({
      isError: true,
      problems: [{ field: 'waitSeconds' }],
    });
  }
});

test('a link in place of the quarantine moves nothing to where it points', async () => {
  await using bottle = await startSupervisor();
  await symlink('/tmp', `${bottle.queueFolder}/quarantine`);
  await symlink('/etc/hosts', `${bottle.queueFolder}/01J00000000000000000000001.proposal.json`);
  expect(await bottle.store.pending()).toEqual([]);
});
