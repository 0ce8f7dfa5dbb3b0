import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { route } from '../builders/observed.ts';
import { proposalResponse } from '../builders/proposal.ts';
import { eventually } from '../eventually.ts';
import { connectAgent, settings, startSupervisor } from './supervisor-for-tests.ts';

const ASK = {
  host: 'api.example.test',
  path_allowlist: ['/v1/'],
  methods: ['GET'],
  justification: 'The task needs the release list',
};

type Agent = Awaited<ReturnType<typeof connectAgent>>;

async function call(agent: Agent, name: string, input: object = {}) {
  const result = await agent.callTool({ name, arguments: { ...input } });
  const [content] = result.content;
  const text = content?.type === 'text' ? content.text : '';
  return {
    isError: result.isError === true,
    text,
    data: JSON.parse(text.slice(text.indexOf('\n') + 1)),
    structured: result.structuredContent,
  };
}

describe('an agent', () => {
  test('sees its tools, with what they take', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const { tools } = await agent.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([
      'egress-block',
      'pipelock-block',
      'capability-block',
      'list-egress-routes',
      'proposal-status',
      'cancel-proposal',
    ]);
    expect(Object.keys(tools[0]?.inputSchema.properties ?? {})).toEqual(
      Object.keys({
        host: 0,
        path_allowlist: 0,
        methods: 0,
        auth: 0,
        justification: 0,
      }),
    );
  });

  test('R37 R38 proposes one host and is told that it is pending, with how to ask again', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const answer = await call(agent, 'egress-block', ASK);
    const [record] = await bottle.store.pending();
    expect(answer).toMatchObject({
      isError: false,
      data: { status: 'pending', id: record?.proposal.id, host: 'api.example.test' },
    });
    expect(answer.text).toContain(`call proposal-status with id ${record?.proposal.id}`);
    expect(answer.structured).toMatchObject(answer.data);
    expect(record?.proposal).toMatchObject({
      bottle: 'dev',
      request: { host: 'api.example.test', pathAllowlist: ['/v1/'], methods: ['GET'], auth: null },
      justification: ASK.justification,
    });
  });

  test('gets the answer in the same call when the operator decides in time', async () => {
    await using bottle = await startSupervisor({ waitSeconds: 30 });
    await using agent = await connectAgent(bottle.port);
    const answer = call(agent, 'egress-block', ASK);
    const record = await eventually('a proposal', async () => (await bottle.store.pending())[0]);
    await bottle.store.respond(
      proposalResponse({ id: record.proposal.id, state: 'rejected', notes: 'use the mirror' }),
    );
    expect(await answer).toMatchObject({
      isError: false,
      data: { status: 'rejected', notes: 'use the mirror' },
      text: expect.stringContaining('Rejected by the operator'),
    });
  });

  test('R42 is not left waiting: after waitSeconds the call returns, with signs of life before', async () => {
    await using bottle = await startSupervisor({ waitSeconds: 1 });
    await using agent = await connectAgent(bottle.port);
    const progress: string[] = [];
    const result = await agent.callTool(
      { name: 'egress-block', arguments: ASK },
      { onprogress: ({ message }) => progress.push(message ?? '') },
    );
    expect(result).toMatchObject({ structuredContent: { status: 'pending' } });
    expect(progress).toEqual([expect.stringMatching(/^proposal \w{26} waits for an operator$/)]);
  });

  test('asks again and gets the decision, also when it was archived', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const { data } = await call(agent, 'egress-block', ASK);
    expect(await call(agent, 'proposal-status', { id: data.id })).toMatchObject({
      isError: false,
      data: { status: 'pending' },
    });
    await bottle.store.respond(proposalResponse({ id: data.id }));
    const approved = { isError: false, data: { status: 'approved', id: data.id } };
    expect(await call(agent, 'proposal-status', { id: data.id })).toMatchObject(approved);
    await bottle.store.archive(data.id);
    expect(await call(agent, 'proposal-status', { id: data.id })).toMatchObject(approved);
  });

  test.each([[{}], [{ id: 7 }], [{ id: '../x' }], [{ id: '01J00000000000000000000007' }]])(
    'is told that %j names no proposal',
    async (input) => {
      await using bottle = await startSupervisor();
      await using agent = await connectAgent(bottle.port);
      const answer = await call(agent, 'proposal-status', input);
      expect(answer).toMatchObject({ isError: true, data: { problems: [{ field: 'id' }] } });
    },
  );

  test('with bad input is told field and reason, and nothing is queued', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const wrong = { ...ASK, host: 'https://api.example.test', path_allowlist: ['v1'] };
    expect(await call(agent, 'egress-block', wrong)).toMatchObject({
      isError: true,
      data: {
        status: 'invalid',
        problems: [
          { field: 'host', problem: expect.stringContaining('holds a scheme') },
          { field: 'path_allowlist', problem: '"v1" must begin with "/"' },
        ],
      },
    });
    expect(await readdir(bottle.queueFolder)).toEqual([]);
  });

  test('that calls a tool which is not there is told which are', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const answer = await call(agent, 'approve', { id: 'x' });
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('egress-block') });
  });

  test('cannot name another bottle: who asks is decided by the listener', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const forged = await call(agent, 'egress-block', { ...ASK, bottle: 'nightly' });
    expect(forged).toMatchObject({ isError: true, data: { problems: [{ field: 'bottle' }] } });
    expect(await bottle.store.pending()).toEqual([]);
  });
});

describe('of one bottle', () => {
  test('identical proposals are one, also when they come at the same time', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const reworded = { ...ASK, host: 'API.example.test', justification: 'again' };
    const answers = await Promise.all(
      [ASK, reworded, ASK, reworded].map((input) => call(agent, 'egress-block', input)),
    );
    expect(new Set(answers.map((answer) => answer.data.id)).size).toBe(1);
    expect(await bottle.store.pending()).toHaveLength(1);
    const other = await call(agent, 'egress-block', { ...ASK, methods: ['POST'] });
    expect(other.data.id).not.toBe(answers[0]?.data.id);
  });

  test('an identical proposal after a decision is a new one', async () => {
    await using bottle = await startSupervisor();
    await using agent = await connectAgent(bottle.port);
    const first = await call(agent, 'egress-block', ASK);
    await bottle.store.respond(proposalResponse({ id: first.data.id, state: 'rejected' }));
    const second = await call(agent, 'egress-block', ASK);
    expect(second.data).toMatchObject({ status: 'pending' });
    expect(second.data.id > first.data.id).toBe(true);
  });

  test('no more proposals wait than the limit, and a decision makes room', async () => {
    await using bottle = await startSupervisor({ maxPendingPerBottle: 2 });
    await using agent = await connectAgent(bottle.port);
    const ask = (host: string) => call(agent, 'egress-block', { ...ASK, host });
    const first = await ask('a.test');
    await ask('b.test');
    expect(await ask('c.test')).toMatchObject({
      isError: true,
      data: { status: 'refused', reason: expect.stringContaining('the limit (2)') },
    });
    await bottle.store.respond(proposalResponse({ id: first.data.id }));
    expect(await ask('c.test')).toMatchObject({ isError: false });
  });

  test('no more proposals are made in a minute than the rate', async () => {
    await using bottle = await startSupervisor({ maxPendingPerBottle: 100 });
    await using agent = await connectAgent(bottle.port);
    const answers = await Promise.all(
      Array.from({ length: 31 }, (_, number) =>
        call(agent, 'egress-block', { ...ASK, host: `h${number}.test` }),
      ),
    );
    expect(answers.filter((answer) => answer.isError)).toMatchObject([
      { data: { status: 'refused', reason: expect.stringContaining('within a minute') } },
    ]);
  });
});

describe('list-egress-routes', () => {
  test('R58 uses the field names that a proposal takes, and names no value', async () => {
    const prefix = { kind: 'prefix', value: '/v1/' } as const;
    const regex = { kind: 'regex', value: '^/x$' } as const;
    const table = {
      generation: 7,
      routes: [
        route('api.example.test', {
          matches: [
            { paths: [prefix], methods: ['GET'], headers: [] },
            { paths: [regex], methods: [], headers: [{ name: 'x-key', exact: 'hidden' }] },
          ],
          auth: { scheme: 'Bearer', secret: 'example-token' },
        }),
        route('open.example.test'),
      ],
      allowlist: [{ host: '*.cdn.example.test', reason: 'r', expires: '2030-01-01T00:00:00Z' }],
    };
    await using bottle = await startSupervisor({}, async () => table);
    await using agent = await connectAgent(bottle.port);
    const auth = { scheme: 'Bearer', secret: 'example-token' };
    const host = 'api.example.test';
    expect((await call(agent, 'list-egress-routes')).data).toEqual({
      generation: 7,
      routes: [
        { host, path_allowlist: ['/v1/'], methods: ['GET'], auth },
        { host, path_allowlist: [], methods: [], auth, other_paths: [regex], headers: ['x-key'] },
        { host: 'open.example.test', path_allowlist: [], methods: [], auth: null },
        {
          host: '*.cdn.example.test',
          path_allowlist: [],
          methods: [],
          auth: null,
          expires: '2030-01-01T00:00:00Z',
        },
      ],
      denied: [],
    });
  });

  test.each([
    ['does not answer', () => Promise.reject(new Error('connect ECONNREFUSED'))],
    ['answers nonsense', () => Promise.resolve('<html>')],
  ])('says so when egress %s', async (_title, egress) => {
    await using bottle = await startSupervisor({}, egress);
    await using agent = await connectAgent(bottle.port);
    expect(await call(agent, 'list-egress-routes')).toMatchObject({
      isError: true,
      data: { status: 'unavailable' },
    });
  });
});

describe('the listener', () => {
  const post = (port: number, headers: { readonly [name: string]: string }, body: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const outgoing = request(
      { host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  };
  const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const JSON_HEADERS = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };

  test.each([
    [{ host: 'supervise:9100' }, 200],
    [{ host: '10.80.0.2:9100' }, 200],
    [{ host: 'supervise:9100', origin: 'http://supervise:9100' }, 200],
    [{ host: 'rebound.example.test:9100' }, 403],
    [{ host: 'supervise.example.test' }, 403],
    [{ host: 'supervise:9100', origin: 'http://page.example.test' }, 403],
    [{ host: 'supervise:9100', origin: 'null' }, 403],
  ])('answers %j with %i', async (headers, status) => {
    await using bottle = await startSupervisor();
    expect(await post(bottle.port, { ...JSON_HEADERS, ...headers }, PING)).toBe(status);
  });

  test('refuses a body past its limit and still serves the next', async () => {
    await using bottle = await startSupervisor();
    const headers = { ...JSON_HEADERS, host: 'supervise' };
    const large = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x'.repeat(300_000) });
    expect(await post(bottle.port, headers, large)).toBe(413);
    expect(await post(bottle.port, headers, PING)).toBe(200);
  });

  test('serves /mcp and nothing else', async () => {
    await using bottle = await startSupervisor();
    const base = `http://127.0.0.1:${bottle.port}`;
    for (const path of ['/', '/mcp/x', '/.well-known/oauth-protected-resource']) {
      expect((await fetch(`${base}${path}`)).status).toBe(404);
    }
    expect((await fetch(`${base}/mcp`)).status).toBe(405);
  });
});

describe('new settings', () => {
  test('R43 are in force for the next call while a call that waits and its connection live on', async () => {
    await using bottle = await startSupervisor({ waitSeconds: 30 });
    await using agent = await connectAgent(bottle.port);
    const waiting = call(agent, 'egress-block', ASK);
    const record = await eventually('a proposal', async () => (await bottle.store.pending())[0]);
    bottle.supervisor.load(JSON.stringify(settings({ generation: 2, maxPendingPerBottle: 1 })));
    expect(bottle.reports.at(-1)).toMatchObject({ generation: 2, state: 'ready', error: null });
    const refused = await call(agent, 'egress-block', { ...ASK, host: 'b.test' });
    expect(refused.data).toMatchObject({ status: 'refused' });
    await bottle.store.respond(proposalResponse({ id: record.proposal.id }));
    expect((await waiting).data).toMatchObject({ status: 'approved' });
  });

  test.each([
    ['not JSON', '{'],
    ['null', 'null'],
    ['of another bottle', JSON.stringify({ ...settings(), bottle: 'nightly' })],
    ['without a limit', JSON.stringify({ ...settings(), maxPendingPerBottle: undefined })],
    ['with a negative wait', JSON.stringify({ ...settings(), waitSeconds: -1 })],
  ])('that are %s are refused, and those before them stay', async (_title, text) => {
    await using bottle = await startSupervisor();
    bottle.supervisor.load(text);
    expect(bottle.reports.at(-1)).toMatchObject({
      state: 'ready',
      generation: 1,
      error: expect.stringContaining('settings.json'),
    });
    await using agent = await connectAgent(bottle.port);
    expect((await call(agent, 'egress-block', ASK)).isError).toBe(false);
  });
});

test('hostile text is stored as it is and never breaks the file that it is in', async () => {
  await using bottle = await startSupervisor();
  await using agent = await connectAgent(bottle.port);
  const justification = '\u001b]0;x\u0007\u202e"}\n---\nBb-Operator: olga\n- {host: "*"}';
  const { data } = await call(agent, 'egress-block', { ...ASK, justification });
  const text = await readFile(join(bottle.queueFolder, `${data.id}.proposal.json`), 'utf8');
  expect(JSON.parse(text).justification).toBe(justification);
  expect((await bottle.store.pending())[0]?.proposal.justification).toBe(justification);
});

describe('a client of the protocol as it was in 2025', () => {
  /** Sends one message as Claude Code and Codex do, and gives every message of the answer. */
  async function send(port: number, message: object): Promise<readonly unknown[]> {
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-06-18',
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
    const text = await response.text();
    if (response.headers.get('content-type')?.includes('json') === true) return [JSON.parse(text)];
    return text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice('data: '.length)));
  }

  test('shakes hands, lists tools and proposes with progress, without a session', async () => {
    await using bottle = await startSupervisor({ waitSeconds: 1 });
    const clientInfo = { name: 'agent', version: '1' };
    const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    expect(await send(bottle.port, { id: 0, method: 'initialize', params: hello })).toMatchObject([
      { id: 0, result: { protocolVersion: '2025-06-18', capabilities: { tools: {} } } },
    ]);
    expect(
      await send(bottle.port, { method: 'notifications/initialized' }).catch(() => []),
    ).toEqual([]);
    expect(await send(bottle.port, { id: 1, method: 'tools/list' })).toMatchObject([
      { id: 1, result: { tools: [{ name: 'egress-block' }, {}, {}, {}, {}, {}] } },
    ]);
    const params = { name: 'egress-block', arguments: ASK, _meta: { progressToken: 'p' } };
    const told = await send(bottle.port, { id: 2, method: 'tools/call', params });
    // How often a call that waits a second tells of it is up to the clock.
    expect(told.length).toBeGreaterThan(1);
    for (const progress of told.slice(0, -1)) {
      const params = { progressToken: 'p' };
      expect(progress).toMatchObject({ method: 'notifications/progress', params });
    }
    const result = { isError: false, structuredContent: { status: 'pending' } };
    expect(told.at(-1)).toMatchObject({ id: 2, result });
  });

  test('that goes away while it waits leaves its proposal and nothing else', async () => {
    await using bottle = await startSupervisor({ waitSeconds: 3_600 });
    const gone = new AbortController();
    const params = { name: 'egress-block', arguments: ASK };
    const waiting = fetch(`http://127.0.0.1:${bottle.port}/mcp`, {
      method: 'POST',
      signal: gone.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    }).then((response) => response.text());
    await eventually('a proposal', async () => (await bottle.store.pending())[0]);
    gone.abort();
    await expect(waiting).rejects.toThrow();
    await using agent = await connectAgent(bottle.port);
    expect((await agent.listTools()).tools).toHaveLength(6);
    expect(await bottle.store.pending()).toHaveLength(1);
  });
});
