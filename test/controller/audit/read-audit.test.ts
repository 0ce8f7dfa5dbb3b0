import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { readAudit, readDecision } from '../../../src/controller/audit.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
} from '../../builders/controller.ts';
import { importApprovals } from '../../builders/long-history.ts';
import { gitRepository } from '../../builders/repository.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

const NO_PROGRESS = () => undefined;
const OPERATOR = { operator: 'olga@desk' };

async function world() {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  return { fleet, api };
}

const optionsOf = ({ repository, stateDirectory }: FleetWorld) => ({
  repository: repository.root,
  environment: { HOME: stateDirectory },
});

async function audit(fleet: FleetWorld, query: Parameters<typeof readAudit>[1] = {}) {
  return granted(await readAudit(optionsOf(fleet), query));
}

test('a decision tells who, what, for which proposal, and since when it is in force', async () => {
  const { fleet, api } = await world();
  const id = await fleet.propose('api.example.test');
  const { revision } = granted(await api.approve({ id, ...OPERATOR }, NO_PROGRESS));
  const [entry, first] = await audit(fleet);
  expect(entry).toMatchObject({
    revision,
    action: 'approve',
    bottle: 'dev',
    tool: 'egress-block',
    proposal: id,
    operator: 'olga@desk',
    subject: 'Allow api.example.test for dev',
    justification: 'The task needs the release list',
    undoneBy: null,
    files: ['routes/dev.yaml'],
    inForce: { revision },
    applications: [{ bottle: 'dev', result: 'done' }],
  });
  expect(first).toMatchObject({
    action: 'commit',
    operator: 'Olga Operator <olga@example.test>',
    bottle: null,
  });
  // Both were worked on at a time: whichever was done first is first.
  expect(first?.applications.map(({ bottle }) => bottle).toSorted()).toEqual(['dev', 'qa']);
});

test('a rejection is there with its reason, and is never in force', async () => {
  const { fleet, api } = await world();
  const id = await fleet.propose('paste.example.test');
  granted(await api.reject({ id, reason: 'not this one', ...OPERATOR }));
  await fleet.repository.commit({ 'desired-state/agents/qa.yaml': agentFile('qa', 'more') });
  granted(await api.reconcile({}, NO_PROGRESS));
  const [, rejected] = await audit(fleet);
  expect(rejected).toMatchObject({ action: 'reject', reason: 'not this one', inForce: null });
});

test('what was never applied by itself is in force with the commit after it', async () => {
  const { fleet, api } = await world();
  const first = await fleet.repository.commit({
    'desired-state/agents/qa.yaml': agentFile('qa', 'two'),
  });
  const second = await fleet.repository.commit({
    'desired-state/agents/qa.yaml': agentFile('qa', 'two', 'three'),
  });
  const before = await audit(fleet);
  expect(before.slice(0, 2)).toMatchObject([{ inForce: null }, { inForce: null }]);
  granted(await api.reconcile({}, NO_PROGRESS));
  const after = await audit(fleet);
  expect(after.slice(0, 2)).toMatchObject([
    { revision: second, inForce: { revision: second } },
    { revision: first, inForce: { revision: second }, applications: [] },
  ]);
});

test('an approval that could not be put in force is shown as undone', async () => {
  const { fleet, api } = await world();
  const id = await fleet.propose('api.example.test');
  fleet.refuses = (_bottle, inputs) =>
    inputs.egress.routes.length > 0 ? 'the table is refused' : null;
  expect(
    refusalOf(await fleet.elapse(api.approve({ id, ...OPERATOR }, NO_PROGRESS))),
  ).toMatchObject({ kind: 'apply-failed' });
  const [revert, approval] = await audit(fleet);
  expect(revert).toMatchObject({ action: 'revert', proposal: id, reverts: approval?.revision });
  expect(approval).toMatchObject({
    action: 'approve',
    undoneBy: { action: 'revert', revision: revert?.revision },
  });
});

test('commits that are not about the fleet are left out', async () => {
  const { fleet } = await world();
  await fleet.repository.commit({ 'README.md': 'hello\n' }, 'Say hello');
  expect((await audit(fleet)).map(({ subject }) => subject)).toEqual(['Describe the fleet']);
});

test('each filter keeps what it asks for, and drops the rest', async () => {
  const { fleet, api } = await world();
  const allowed = await fleet.propose('api.example.test');
  granted(await api.approve({ id: allowed, ...OPERATOR }, NO_PROGRESS));
  const refused = await fleet.propose('paste.example.test');
  granted(await api.reject({ id: refused, reason: 'no', operator: 'piet@desk' }));
  await fleet.repository.commit(
    { 'desired-state/allowlists/qa.yaml': 'hosts:\n  - api.example.test\n' },
    'Open it for qa too',
  );
  const subjects = async (query: Parameters<typeof readAudit>[1]) =>
    (await audit(fleet, query)).map(({ subject }) => subject);
  const approval = 'Allow api.example.test for dev';
  const rejection = 'Reject paste.example.test for dev';
  const byHand = 'Open it for qa too';
  const first = 'Describe the fleet';
  expect(await subjects({})).toEqual([byHand, rejection, approval, first]);
  expect(await subjects({ bottle: 'qa' })).toEqual([byHand, first]);
  expect(await subjects({ operator: 'PIET' })).toEqual([rejection]);
  expect(await subjects({ tool: 'egress-block' })).toEqual([rejection, approval]);
  expect(await subjects({ action: 'approve' })).toEqual([approval]);
  expect(await subjects({ host: 'API.example.test' })).toEqual([byHand, approval]);
  expect(await subjects({ host: 'paste.example.test' })).toEqual([rejection]);
  // A part of a name is another host.
  expect(await subjects({ host: 'example.test' })).toEqual([]);
  expect(await subjects({ sinceMs: Date.parse('2100-01-01') })).toEqual([]);
  expect(refusalOf(await readAudit(optionsOf(fleet), { host: 'https://x' }))).toMatchObject({
    kind: 'bad-request',
  });
});

test('a merge hands down when it was applied to both of its sides', async () => {
  const { fleet, api } = await world();
  const { repository } = fleet;
  await repository.git('checkout', '--quiet', '-b', 'side');
  const side = await repository.commit({ 'desired-state/agents/qa.yaml': agentFile('qa', 'side') });
  await repository.git('checkout', '--quiet', 'main');
  const main = await repository.commit({
    'desired-state/agents/dev.yaml': agentFile('dev', 'two'),
  });
  await repository.git('merge', '--quiet', '--no-edit', 'side');
  const merge = await repository.head();
  granted(await api.reconcile({}, NO_PROGRESS));
  const entries = new Map((await audit(fleet)).map((entry) => [entry.revision, entry]));
  expect(entries.get(side)?.inForce?.revision).toBe(merge);
  expect(entries.get(main)?.inForce?.revision).toBe(merge);
});

test('hostile names of files, texts and notes are read as what they are', async () => {
  const { fleet } = await world();
  const { repository } = fleet;
  const odd = await repository.commit(
    { 'desired-state/prompts/a\nb\u001b[2J.md': 'x', 'desired-state/prompts/ä "q".md': 'x' },
    'Odd \u001b]0;names',
  );
  const [first = ''] = (await repository.git('rev-list', 'HEAD')).split('\n').slice(-1);
  for (const note of ['not JSON', '{"at":"x","applied":[]}', '{"at":1}', '\0\0\0']) {
    await execa('git', ['notes', '--ref=bb', 'add', '-f', '-F', '-', odd], {
      cwd: repository.root,
      input: note,
    });
    const [entry] = await audit(fleet);
    expect(entry).toMatchObject({
      revision: odd,
      files: ['prompts/a\nb\u001b[2J.md', 'prompts/ä "q".md'],
      inForce: null,
      applications: [],
    });
    expect((await audit(fleet)).at(-1)?.revision).toBe(first);
  }
});

test('a decision is found by commit, by its beginning and by proposal, with its diff', async () => {
  const { fleet, api } = await world();
  const id = await fleet.propose('api.example.test');
  const { revision } = granted(await api.approve({ id, ...OPERATOR }, NO_PROGRESS));
  for (const name of [id, revision, revision.slice(0, 9), 'main']) {
    const { entry, diff } = granted(await readDecision(optionsOf(fleet), name));
    expect(entry.revision).toBe(revision);
    expect(diff).toContain('+  - host: api.example.test');
  }
  const first = (await fleet.repository.git('rev-list', '--max-parents=0', 'HEAD')).trim();
  expect(granted(await readDecision(optionsOf(fleet), first)).diff).toContain('+name: home');
  expect(refusalOf(await readDecision(optionsOf(fleet), '--all'))).toMatchObject({
    kind: 'not-found',
  });
});

test('a bare repository and one of sha256 ids are read alike', async () => {
  await using state = await temporaryFolder();
  await using repository = await gitRepository({ files: FLEET_FILES, objectFormat: 'sha256' });
  const bare = `${state.path}/bare.git`;
  await repository.git('clone', '--quiet', '--bare', '.', bare);
  for (const root of [repository.root, bare]) {
    const options = { repository: root, environment: { HOME: state.path } };
    const [entry] = granted(await readAudit(options, {}));
    expect(entry).toMatchObject({ revision: await repository.head(), inForce: null });
    expect(entry?.files).toContain('fleet.yaml');
  }
});

test('a history of thousands of commits is read whole', async () => {
  const { fleet } = await world();
  await importApprovals(fleet.repository.root, 'dev', 3_000);
  const entries = await audit(fleet);
  expect(entries).toHaveLength(3_001);
  expect(entries.filter(({ inForce }) => inForce !== null)).toHaveLength(3_001);
});

test('what cannot be read is refused in words', async () => {
  const { fleet } = await world();
  const { environment } = optionsOf(fleet);
  const nowhere = await readAudit({ repository: '/', environment }, {});
  expect(refusalOf(nowhere)).toMatchObject({ kind: 'source' });
  await fleet.repository.git('checkout', '--quiet', '--orphan', 'empty');
  expect(refusalOf(await readAudit(optionsOf(fleet), {})).message).toContain('no commit on empty');
});
