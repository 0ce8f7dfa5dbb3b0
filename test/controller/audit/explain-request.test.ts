import { expect, onTestFinished, test } from 'vitest';
import { createFleetStore } from '../../../src/controller/adapters/fleet-store.ts';
import { openGit } from '../../../src/controller/adapters/git.ts';
import { SimulatedSidecarFiles } from '../../../src/controller/adapters/simulated-sidecar-files.ts';
import { explainRequest } from '../../../src/controller/audit/explain-request.ts';
import { waitingProposals } from '../../../src/controller/audit/waiting-proposals.ts';
import type { EgressStatus } from '../../../src/model/sidecar.ts';
import {
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
} from '../../builders/controller.ts';
import { egressRoute, hostPolicy } from '../../builders/desired.ts';
import { proposalRequest } from '../../builders/proposal.ts';

const NO_PROGRESS = () => undefined;
const OPERATOR = { operator: 'olga@desk' };
const FILES = {
  ...FLEET_FILES,
  'desired-state/bottles/base.yaml': 'routes: [shared]\n',
  'desired-state/routes/shared.yaml': `routes:
  - host: api.example.test
    paths: [/v1/]
  - host: git.example.test
    matches:
      - paths: [{prefix: /a}]
        methods: [GET]
`,
  'desired-state/allowlists/dev.yaml': 'hosts:\n  - "*.cdn.example.test"\n',
};

async function world(files: { readonly [path: string]: string } = FILES) {
  const fleet = await fleetWorld(files);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  return { fleet, api };
}

async function ask(fleet: FleetWorld, bottle: string, target: string, method = 'GET') {
  const { repository, clock, stateDirectory } = fleet;
  const opened = await openGit({
    repository: repository.root,
    branch: 'main',
    folder: 'desired-state',
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  return explainRequest({ bottle, target, method }, await repository.head(), {
    git: opened.git,
    policy: hostPolicy(),
    clock,
    files: new SimulatedSidecarFiles({ clock, store: fleet.sidecars }),
    store: createFleetStore(stateDirectory),
    waiting: (name, host) => waitingProposals(stateDirectory, name, host),
  });
}

const why = async (...question: Parameters<typeof ask>) => granted(await ask(...question));

test('N1 an allowed request is traced to its lines, their commit, person and reason', async () => {
  const { fleet, api } = await world();
  const request = proposalRequest({
    host: 'new.example.test',
    pathAllowlist: ['/x/'],
    methods: [],
  });
  const id = await fleet.propose('', { request });
  const { revision } = granted(await api.approve({ id, ...OPERATOR }, NO_PROGRESS));
  expect(await why(fleet, 'dev', 'https://new.example.test/x/1?q=2')).toMatchObject({
    isAllowed: true,
    basis: 'live',
    url: 'https://new.example.test/x/1?q=2',
    rule: 'route new.example.test',
    tip: null,
    remedy: null,
    lines: [
      {
        file: 'routes/dev.yaml',
        text: '- host: new.example.test',
        revision,
        action: 'approve',
        operator: 'olga@desk',
        proposal: id,
        justification: 'The task needs the release list',
      },
      { file: 'routes/dev.yaml', revision },
    ],
  });
  expect(await why(fleet, 'qa', 'new.example.test/x/1')).toMatchObject({
    isAllowed: false,
    rule: null,
    lines: [],
  });
});

test('a match whose headers the request has not is not what lets it through', async () => {
  const shared = (more: string) => `routes:
  - host: git.example.test
    matches:
      - paths: [{prefix: /a}]
        methods: [GET]
        headers: [{name: x-key, exact: "1"}]
${more}`;
  const { fleet } = await world({ ...FILES, 'desired-state/routes/shared.yaml': shared('') });
  expect(await why(fleet, 'dev', 'git.example.test/a')).toMatchObject({ isAllowed: false });
  const wider = shared('      - paths: [{prefix: /a/b}]\n');
  const second = await fleet.repository.commit({ 'desired-state/routes/shared.yaml': wider });
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  const { isAllowed, lines } = await why(fleet, 'dev', 'git.example.test/a/b');
  expect(isAllowed).toBe(true);
  expect(lines.map(({ line, revision }) => [line, revision === second])).toEqual([
    [2, false],
    [7, true],
  ]);
});

test('a path that a later commit added to a route is traced to that commit, the host to the first', async () => {
  const { fleet } = await world();
  const first = await fleet.repository.head();
  const text = FILES['desired-state/routes/shared.yaml'].replace(
    'methods: [GET]\n',
    'methods: [GET]\n      - paths: [{exact: /late}]\n',
  );
  const second = await fleet.repository.commit({ 'desired-state/routes/shared.yaml': text });
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  const { lines } = await why(fleet, 'dev', 'git.example.test/late', 'post');
  expect(lines.map(({ line, revision }) => [line, revision])).toEqual([
    [4, first],
    [8, second],
  ]);
  const early = await why(fleet, 'dev', 'git.example.test/a/b');
  expect(early.lines.map(({ line, text: written }) => [line, written])).toEqual([
    [4, '- host: git.example.test'],
    [6, '- paths: [{prefix: /a}]'],
    [7, 'methods: [GET]'],
  ]);
});

test('what the shared set and the own set of a bottle grant together is shown in both files', async () => {
  const { fleet, api } = await world();
  const request = proposalRequest({
    host: 'api.example.test',
    pathAllowlist: ['/v2/'],
    methods: [],
  });
  const id = await fleet.propose('', { request });
  granted(await api.approve({ id, ...OPERATOR }, NO_PROGRESS));
  const { lines } = await why(fleet, 'dev', 'api.example.test/v2/x');
  expect(lines.map(({ file, action }) => `${file} ${action}`)).toEqual([
    'routes/shared.yaml commit',
    'routes/dev.yaml approve',
    'routes/dev.yaml approve',
  ]);
});

const ANSWERS = [
  ['dev', 'https://api.example.test/v1/x', 'GET', true],
  ['dev', 'https://api.example.test/v2/x', 'GET', false],
  ['dev', 'https://api.example.test/v1x', 'GET', false],
  ['dev', 'https://api.example.test:8443/v1/x', 'GET', false],
  ['dev', 'git.example.test/a', 'GET', true],
  ['dev', 'git.example.test/a', 'POST', false],
  ['dev', 'GIT.example.test/a', 'GET', true],
  ['dev', 'x.cdn.example.test', 'PUT', true],
  ['dev', 'cdn.example.test', 'GET', false],
  ['dev', 'http://x.cdn.example.test:8080/', 'GET', false],
  ['qa', 'x.cdn.example.test', 'GET', false],
  ['dev', 'x.cdn.example.test/r.git/info/refs?service=git-receive-pack', 'GET', false],
  ['dev', 'x.cdn.example.test', 'TRACE', false],
] as const;

test('every answer is the one that egress would give', async () => {
  const { fleet } = await world();
  const answers: unknown[] = [];
  for (const [bottle, target, method] of ANSWERS) {
    const { isAllowed } = await why(fleet, bottle, target, method);
    answers.push([bottle, target, method, isAllowed]);
  }
  expect(answers).toEqual(ANSWERS);
});

test('a denied request is told what would allow it: a proposal that waits, or a line to write', async () => {
  const { fleet } = await world();
  const nothing = await why(fleet, 'dev', 'paste.example.test');
  expect(nothing.remedy).toContain('add paste.example.test to routes/dev.yaml');
  const id = await fleet.propose('paste.example.test');
  expect(await why(fleet, 'dev', 'paste.example.test')).toMatchObject({
    waiting: [id],
    remedy: `a proposal for it waits: bb show ${id}, then bb approve ${id}`,
  });
  expect(await why(fleet, 'qa', 'paste.example.test')).toMatchObject({ waiting: [] });
});

test('a commit that is not applied yet changes no answer, and is told', async () => {
  const { fleet } = await world();
  const before = await fleet.repository.head();
  const tip = await fleet.repository.commit({
    'desired-state/allowlists/dev.yaml': 'hosts:\n  - new.example.test\n',
  });
  expect(await why(fleet, 'dev', 'new.example.test')).toMatchObject({
    isAllowed: false,
    tip: { revision: tip, isAllowed: true },
    remedy: expect.stringContaining('bb status'),
  });
  // The rule is gone from the tip, and still in force: it is traced in the commit that was applied.
  expect(await why(fleet, 'dev', 'x.cdn.example.test')).toMatchObject({
    isAllowed: true,
    tip: { revision: tip, isAllowed: false },
    lines: [{ file: 'allowlists/dev.yaml', line: 2, revision: before }],
  });
});

test('a tip that is not valid asks for nothing: what is enforced is traced all the same', async () => {
  const { fleet } = await world();
  const before = await fleet.repository.head();
  await fleet.repository.commit({ 'desired-state/allowlists/dev.yaml': 'hsts: []\n' });
  expect(await why(fleet, 'dev', 'api.example.test/v1/x')).toMatchObject({
    isAllowed: true,
    lines: [{ revision: before }, { revision: before }],
  });
});

test('a rule in the live table that no commit asks for has no lines', async () => {
  const { fleet } = await world();
  const status = JSON.parse(fleet.sidecars.get('dev') ?? '') as { egress: EgressStatus };
  const routes = [...status.egress.routes, egressRoute('evil.example.test')];
  fleet.sidecars.set('dev', JSON.stringify({ ...status, egress: { ...status.egress, routes } }));
  expect(await why(fleet, 'dev', 'evil.example.test')).toMatchObject({
    isAllowed: true,
    rule: 'route evil.example.test',
    lines: [],
  });
});

test('a sidecar that never had a table denies everything', async () => {
  const { fleet } = await world();
  const status = JSON.parse(fleet.sidecars.get('dev') ?? '') as { egress: EgressStatus };
  const egress = { ...status.egress, tableHash: null, state: 'degraded' };
  fleet.sidecars.set('dev', JSON.stringify({ ...status, egress }));
  expect(await why(fleet, 'dev', 'api.example.test/v1/x')).toMatchObject({
    isAllowed: false,
    reason: 'no egress table is loaded, so everything is denied',
  });
});

test('a rule that has ended denies, and says so', async () => {
  const ends = '2026-12-01T00:00:00Z';
  const { fleet } = await world({
    ...FILES,
    'desired-state/routes/dev.yaml': `routes:\n  - {host: brief.example.test, expires: ${ends}}\n`,
  });
  const leftMs = Date.parse(ends) - fleet.clock.nowMs();
  expect(await why(fleet, 'dev', 'brief.example.test')).toMatchObject({
    isAllowed: true,
    expires: ends,
  });
  await fleet.clock.advance(leftMs + 1);
  expect(await why(fleet, 'dev', 'brief.example.test')).toMatchObject({
    isAllowed: false,
    reason: 'every route for brief.example.test has expired',
    expires: ends,
  });
});

test('a bottle of which nothing is reported is judged by what the commit asks for', async () => {
  const { fleet } = await world();
  fleet.sidecars.clear();
  expect(await why(fleet, 'dev', 'api.example.test/v1/x')).toMatchObject({
    isAllowed: true,
    basis: 'desired',
    lines: [{ file: 'routes/shared.yaml', line: 2 }, { line: 3 }],
  });
  expect(await why(fleet, 'dev', 'api.example.test/v2')).toMatchObject({ isAllowed: false });
});

test('a route that a provider brings along is traced to the line that names the provider', async () => {
  const { fleet } = await world({
    ...FILES,
    'desired-state/agents/coder.yaml':
      'provider: claude\nbottles: [base]\ninstances:\n  - {name: coder}\n',
  });
  fleet.sidecars.clear();
  expect(await why(fleet, 'coder', 'api.anthropic.com/v1/messages', 'POST')).toMatchObject({
    isAllowed: true,
    lines: [{ file: 'agents/coder.yaml', line: 1, text: 'provider: claude' }],
  });
});

const REFUSED = [
  ['dev', 'https://user@api.example.test/', 'is not a host'],
  ['dev', 'api.example.test/../x', 'dot segment'],
  ['dev', 'ftp://api.example.test/', 'is not a host'],
  ['dev', '', 'a host is empty'],
  ['dev', '127.1', 'not an address'],
  ['deb', 'api.example.test', 'there is no bottle "deb"'],
  ['../dev', 'api.example.test', 'there is no bottle "../dev"'],
] as const;

test('a target that has no one reading, and a bottle that is none, are refused in words', async () => {
  const { fleet } = await world();
  for (const [bottle, target, words] of REFUSED) {
    expect(refusalOf(await ask(fleet, bottle, target)).message).toContain(words);
  }
  const method = await ask(fleet, 'dev', 'x.test', 'GET /');
  expect(refusalOf(method)).toMatchObject({ kind: 'bad-request' });
});

test('a denied host is traced to the line that denies it, and only that line is the remedy', async () => {
  const { fleet } = await world({
    ...FILES,
    'desired-state/bottles/base.yaml':
      'routes: [shared]\ndeny:\n  - paste.test\n  - {host: "*.cdn.example.test", reason: leaks}\n',
  });
  const revision = await fleet.repository.head();
  expect(await why(fleet, 'dev', 'x.cdn.example.test')).toMatchObject({
    isAllowed: false,
    basis: 'live',
    reason: 'x.cdn.example.test is denied by bottles/base.yaml: leaks',
    rule: 'deny *.cdn.example.test',
    expires: null,
    lines: [{ file: 'bottles/base.yaml', line: 4, revision }],
    remedy:
      'take *.cdn.example.test out of the deny list of bottles/base.yaml and commit: no approval goes over it',
  });
  expect(await why(fleet, 'dev', 'https://api.example.test/v1/')).toMatchObject({
    isAllowed: true,
  });
});
