import { expect, test } from 'vitest';
import { bottleStatus, condition, fleetStatus, proposalReview } from '../builders/status.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

test('status is a table with what is not enforced first', async () => {
  const api = new FakeControllerApi();
  api.set({
    notEnforced: ['pipelock: built-in'],
    bottles: [
      bottleStatus({ name: 'dev', startedAt: null }),
      bottleStatus({
        name: 'nightly',
        agent: null,
        backend: null,
        conditions: [condition('Stalled', 'no such image')],
        sidecars: [],
        startedAt: null,
        lastAppliedRevision: null,
      }),
    ],
  });
  const { stdout, exitCode } = await runBb(['status'], { api });
  expect(exitCode).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "home  main@aaaaaaaa, applied aaaaaaaa, controller 4711
    NOT ENFORCING: pipelock: built-in
    docker  Docker Engine 29

    BACKEND  AGENT       SLUG     STATE    REVISION  SIDECARS          AGE  WAITS FOR
    docker   researcher  dev      Ready    aaaaaaaa  egress,supervise  ?
    ?        ?           nightly  Stalled  -         ?                 ?    no such image
    "
  `);
});

test('a bottle without metadata is a row with ? (R19)', async () => {
  const api = new FakeControllerApi();
  api.set({
    bottles: [bottleStatus({ name: 'lost', agent: null, backend: null, sidecars: [] })],
  });
  expect((await runBb(['list', 'active'], { api })).stdout).toBe('?\tlost\t?\t?\n');
});

test('a backend that does not answer is a line, and the others are listed (R17)', async () => {
  const api = new FakeControllerApi();
  api.set({
    backends: [
      { name: 'docker', available: false, detail: 'no engine answers' },
      { name: 'simulated', available: true, detail: 'in memory' },
    ],
    bottles: [bottleStatus({ name: 'dev', backend: 'simulated' })],
  });
  const { stdout, exitCode } = await runBb(['status'], { api });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('docker: not available  no engine answers');
  expect(stdout).toMatch(/^simulated +researcher +dev/m);
});

test('list available has a line for each agent', async () => {
  const api = new FakeControllerApi();
  api.agentList = [
    { name: 'dev', description: 'Writes code', provider: 'claude' },
    { name: 'quiet', description: null, provider: null },
  ];
  const { stdout } = await runBb(['list', 'available'], { api });
  expect(stdout).toBe('dev\tWrites code\nquiet\n');
});

const LISTINGS = [
  ['plan', '--json'],
  ['status', '--json'],
  ['list', 'active', '--json'],
  ['list', 'available', '--json'],
  ['events', '--json'],
  ['proposals', '--json'],
  ['proposals', 'list', '--json'],
  ['show', '01K00000000000000000000001', '--json'],
  ['cleanup', '--json'],
  ['reconcile', '--json'],
] as const;

test.for(LISTINGS)('%j prints JSON and nothing else', async (argv) => {
  const api = new FakeControllerApi();
  api.setBottles('dev');
  api.propose(proposalReview({ index: 1 }));
  const { stdout, stderr, exitCode } = await runBb(argv, { api, isTTY: true });
  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toBeTypeOf('object');
});

test('JSON escapes what a terminal would obey, and parses to the same text', async () => {
  const api = new FakeControllerApi();
  const justification = 'a\u202eb\u009bc\u{e0041}';
  api.propose(proposalReview({ index: 1, justification }));
  const { stdout } = await runBb(['show', '01K00000000000000000000001', '--json'], { api });
  expect(stdout).not.toMatch(/[\u202e\u009b]/);
  expect(JSON.parse(stdout).proposal.justification).toBe(justification);
});

test('proposals are a table, oldest first; decided ones only with --all', async () => {
  const api = new FakeControllerApi();
  api.propose(proposalReview({ index: 1, host: 'one.example.test' }));
  api.propose(proposalReview({ index: 2, host: 'two.example.test', state: 'approved' }));
  const pending = await runBb(['proposals'], { api });
  expect(pending.stdout).toContain('one.example.test');
  expect(pending.stdout).not.toContain('two.example.test');
  const all = await runBb(['proposals', 'list', '--all'], { api });
  expect(all.stdout).toMatch(/one\.example\.test[\s\S]*two\.example\.test/);
});

test('events are lines with time, reason and bottle', async () => {
  const api = new FakeControllerApi();
  const event = { at: '2026-11-01T10:00:00Z', severity: 'info', revision: null } as const;
  api.eventList = [
    { ...event, bottle: 'dev', reason: 'RouteReloaded', message: 'table 3 in force' },
    { ...event, bottle: null, reason: 'SourceRewritten', message: 'history was rewritten' },
  ];
  expect((await runBb(['events'], { api })).stdout).toBe(
    '2026-11-01T10:00:00Z  RouteReloaded  dev: table 3 in force\n' +
      '2026-11-01T10:00:00Z  SourceRewritten  history was rewritten\n',
  );
});

test('a suspended fleet and a bad source are banners', async () => {
  const api = new FakeControllerApi();
  api.fleet = fleetStatus({
    conditions: [
      condition('Suspended'),
      condition('SourceReady', 'agents/dev.yaml does not parse', 'False'),
    ],
  });
  const { stdout } = await runBb(['status'], { api });
  expect(stdout).toContain('SUSPENDED: nothing is changed, bottles run on');
  expect(stdout).toContain('SOURCE NOT READY: agents/dev.yaml does not parse');
});
