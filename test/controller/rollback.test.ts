import { expect, onTestFinished, test } from 'vitest';
import { readDecision } from '../../src/controller/audit.ts';
import {
  agentFile,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
  type TestController,
} from '../builders/controller.ts';
import { proposalRequest } from '../builders/proposal.ts';

const NO_PROGRESS = () => undefined;
const ROUTES = 'desired-state/routes/dev.yaml';

async function world() {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  return { fleet, controller };
}

async function approve(
  fleet: FleetWorld,
  { api }: TestController,
  host: string,
  pathAllowlist: readonly string[] = ['/v1/'],
) {
  const id = await fleet.propose(host, { request: proposalRequest({ host, pathAllowlist }) });
  const decision = granted(await api.approve({ id, operator: 'olga' }, NO_PROGRESS));
  return { id, revision: decision.revision };
}

const edit = (target: string) => ({ kind: 'rollback', target }) as const;

const rollBack = ({ api }: TestController, target: string) =>
  api.edit(edit(target), 'olga@desk', NO_PROGRESS);

const fileAt = (fleet: FleetWorld, path: string) => fleet.repository.git('show', `HEAD:${path}`);

test('G7 an approval is taken back by a commit that says so, and is no longer enforced', async () => {
  const { fleet, controller } = await world();
  const { id, revision } = await approve(fleet, controller, 'api.example.test');
  await fleet.repository.write({ 'desired-state/agents/qa.yaml': '# not committed\n' });
  await fleet.repository.write({ 'notes.txt': 'staged\n' });
  await fleet.repository.git('add', 'notes.txt');
  const preview = granted(await controller.api.previewEdit(edit(id)));
  expect(preview).toMatchObject({
    subject: 'Roll back Allow api.example.test for dev',
    edit: { kind: 'rollback', target: revision },
  });
  expect(preview.diff).toContain('-  - host: api.example.test');
  expect(preview.plan.actions).toMatchObject([{ bottle: 'dev' }]);
  expect(await fleet.repository.head()).toBe(revision);
  granted(await rollBack(controller, id));
  expect(fleet.sidecars.get('dev')).not.toContain('api.example.test');
  expect(await fleet.repository.git('log', '-1', '--format=%(trailers)')).toBe(
    `Bb-Action: rollback\nBb-Bottle: dev\nBb-Operator: olga@desk\nBb-Reverts: ${revision}\n`,
  );
  expect(await fleet.repository.git('status', '--short')).toBe(
    ' M desired-state/agents/qa.yaml\nA  notes.txt',
  );
  const options = {
    repository: fleet.repository.root,
    environment: { HOME: fleet.stateDirectory },
  };
  expect(granted(await readDecision(options, id)).entry).toMatchObject({
    revision,
    undoneBy: { action: 'rollback', revision: await fleet.repository.head() },
  });
});

test('what was approved later stays, also in the same file', async () => {
  const { fleet, controller } = await world();
  const first = await approve(fleet, controller, 'one.example.test');
  const second = await approve(fleet, controller, 'two.example.test');
  await approve(fleet, controller, 'three.example.test');
  granted(await rollBack(controller, first.id));
  granted(await rollBack(controller, second.revision.slice(0, 10)));
  const text = await fileAt(fleet, ROUTES);
  expect(text).toContain('three.example.test');
  expect(text).not.toMatch(/one|two/);
  expect(fleet.sidecars.get('dev')).toContain('three.example.test');
});

test('a rollback can be rolled back itself', async () => {
  const { fleet, controller } = await world();
  const { id, revision } = await approve(fleet, controller, 'api.example.test');
  granted(await rollBack(controller, id));
  const refusal = refusalOf(await rollBack(controller, revision));
  expect(refusal.message).toContain('was undone already');
  expect(refusal.hint).toContain(`bb rollback ${(await fleet.repository.head()).slice(0, 12)}`);
  granted(await rollBack(controller, 'main'));
  expect(fleet.sidecars.get('dev')).toContain('api.example.test');
  granted(await rollBack(controller, revision));
  expect(fleet.sidecars.get('dev')).not.toContain('api.example.test');
});

test('a commit made by hand is taken back too, over several files', async () => {
  const { fleet, controller } = await world();
  await fleet.repository.commit({
    'desired-state/agents/more.yaml': agentFile('more'),
    'desired-state/bottles/base.yaml': 'env:\n  PAGER: less\n',
  });
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  granted(await rollBack(controller, 'main'));
  expect(await fleet.repository.git('diff', '--stat', 'HEAD~2', 'HEAD')).toBe('');
  expect(fleet.engine.container('bb-home-more')).toBeUndefined();
});

test('a value that was changed again is told with the commit that did it; nothing is committed', async () => {
  const { fleet, controller } = await world();
  const base = 'desired-state/bottles/base.yaml';
  const first = await fleet.repository.commit({ [base]: 'env:\n  PAGER: less\n' });
  await fleet.repository.commit({ [base]: '# ours\nenv:\n  PAGER: less\n  LANG: C\n' });
  const third = await fleet.repository.commit({ [base]: 'env:\n  PAGER: more\n' }, 'Page more');
  await fleet.repository.commit({ [base]: 'env:\n  PAGER: more\n  EDITOR: vi\n' });
  const tip = await fleet.repository.head();
  const refusal = refusalOf(await rollBack(controller, first));
  expect(refusal).toMatchObject({ kind: 'conflict' });
  const by = third.slice(0, 12);
  expect(refusal.message).toContain(
    `in bottles/base.yaml env › PAGER was changed again since, by commit ${by} "Page more"`,
  );
  expect(refusal.hint).toBe(
    `bb rollback ${by} first, or edit bottles/base.yaml by hand and commit`,
  );
  expect(await fleet.repository.head()).toBe(tip);
});

test('a grant that another approval widened is taken back newest first', async () => {
  const { fleet, controller } = await world();
  const first = await approve(fleet, controller, 'api.example.test', ['/a/']);
  const second = await approve(fleet, controller, 'api.example.test', ['/b/']);
  const refusal = refusalOf(await rollBack(controller, first.id));
  expect(refusal.hint).toContain(`bb rollback ${second.revision.slice(0, 12)} first`);
  granted(await rollBack(controller, second.id));
  expect(await fileAt(fleet, ROUTES)).toContain('/a/');
  expect(await fileAt(fleet, ROUTES)).not.toContain('/b/');
  granted(await rollBack(controller, first.id));
  expect(fleet.sidecars.get('dev')).not.toContain('api.example.test');
});

test('what would leave a tree that is not valid is refused', async () => {
  const { fleet, controller } = await world();
  const made = await fleet.repository.commit({
    'desired-state/routes/extra.yaml': 'routes:\n  - host: a.test\n',
  });
  await fleet.repository.commit({ 'desired-state/bottles/base.yaml': 'routes: [extra]\n' });
  const refusal = refusalOf(await controller.api.previewEdit(edit(made)));
  expect(refusal).toMatchObject({ kind: 'invalid' });
  expect(refusal.diagnostics).toContainEqual(
    expect.objectContaining({ message: 'there is no routes/extra.yaml' }),
  );
});

test('what cannot be taken back is refused in words', async () => {
  const { fleet, controller } = await world();
  const { repository } = fleet;
  const first = await repository.head();
  const id = await fleet.propose('paste.example.test');
  granted(await controller.api.reject({ id, reason: 'no', operator: 'olga' }));
  const rejection = await repository.head();
  const readme = await repository.commit({ 'README.md': 'hello\n' });
  await repository.git('checkout', '--quiet', '-b', 'side');
  const side = await repository.commit({ 'desired-state/agents/qa.yaml': agentFile('qa', 'b') });
  await repository.git('checkout', '--quiet', 'main');
  await repository.commit({ 'README.md': 'hello again\n' });
  const asked = async (target: string) =>
    refusalOf(await controller.api.previewEdit(edit(target))).message;
  expect(await asked(side)).toContain('is not on main');
  await repository.git('merge', '--quiet', '--no-edit', 'side');
  expect(await asked('main')).toContain('is a merge');
  expect(await asked(first)).toContain('is the first one');
  expect(await asked(rejection)).toContain('changes nothing in desired-state, it records: reject');
  expect(await asked(readme)).toContain('changes nothing in desired-state');
  expect(await asked(id)).toContain('there is no such commit, approved proposal');
  expect(await asked('--all')).toContain('proposal or decided bottle: "--all"');
  granted(await rollBack(controller, side));
});

test('a branch that moves in between keeps what was put there', async () => {
  const { fleet, controller } = await world();
  const { id } = await approve(fleet, controller, 'api.example.test');
  const { edit: seen } = granted(await controller.api.previewEdit(edit(id)));
  await approve(fleet, controller, 'late.example.test');
  granted(await controller.api.edit(seen, 'olga', NO_PROGRESS));
  expect(await fileAt(fleet, ROUTES)).toContain('late.example.test');
  expect(await fileAt(fleet, ROUTES)).not.toContain('api.example.test');
});

test('a bottle stands for its newest decision, and asked again for the one before', async () => {
  const { fleet, controller } = await world();
  await approve(fleet, controller, 'one.example.test');
  await approve(fleet, controller, 'two.example.test');
  granted(await rollBack(controller, 'dev'));
  expect(fleet.sidecars.get('dev')).toContain('one.example.test');
  expect(fleet.sidecars.get('dev')).not.toContain('two.example.test');
  granted(await rollBack(controller, 'dev'));
  expect(fleet.sidecars.get('dev')).not.toContain('one.example.test');
  expect(refusalOf(await rollBack(controller, 'dev'))).toMatchObject({ kind: 'not-found' });
});

test('files are as they were at a commit again, of one bottle or all of them', async () => {
  const { fleet, controller } = await world();
  const first = await approve(fleet, controller, 'one.example.test');
  await fleet.repository.commit({ 'desired-state/agents/more.yaml': agentFile('more') });
  await approve(fleet, controller, 'two.example.test');
  const restore = (revision: string, only: string | null) =>
    controller.api.edit({ kind: 'restore', revision, only }, 'olga@desk', NO_PROGRESS);
  granted(await restore(first.revision.slice(0, 10), 'dev'));
  expect(fleet.sidecars.get('dev')).not.toContain('two.example.test');
  expect(fleet.sidecars.get('dev')).toContain('one.example.test');
  expect(fleet.engine.container('bb-home-more')).toBeDefined();
  granted(await restore(first.revision, null));
  expect(fleet.engine.container('bb-home-more')).toBeUndefined();
  expect(await fleet.repository.git('diff', '--stat', first.revision, 'HEAD')).toBe('');
  expect(await fleet.repository.git('log', '-1', '--format=%s%n%(trailers)')).toMatch(
    /^Restore the fleet of [0-9a-f]{12}\nBb-Action: rollback\nBb-Operator: olga@desk\n/,
  );
  expect(refusalOf(await restore(first.revision, null)).message).toContain('is as it was');
  expect(refusalOf(await restore('nowhere', null))).toMatchObject({ kind: 'not-found' });
});

test.each([
  ['by itself', (bad: string) => ({ kind: 'rollback', target: bad }) as const],
  [
    'by going back to what was before',
    (_bad: string, before: string) => ({ kind: 'restore', revision: before, only: null }) as const,
  ],
])(
  'a commit with an error is taken back %s, while nothing else is edited on top of it',
  async (_title, back) => {
    const { fleet, controller } = await world();
    const before = await fleet.repository.head();
    const bad = await fleet.repository.commit({ [ROUTES]: 'routes:\n  - {hst: x.test}\n' });
    refusalOf(await controller.api.reconcile({}, NO_PROGRESS));
    const suspend = { kind: 'suspend-instance', bottle: 'dev', suspend: true } as const;
    for (const refused of [
      await controller.api.previewEdit(suspend),
      await controller.api.edit(suspend, 'olga', NO_PROGRESS),
    ]) {
      const { kind, message, hint } = refusalOf(refused);
      expect([kind, message]).toEqual([
        'invalid',
        expect.stringMatching(/: routes\/dev\.yaml:2:5 /),
      ]);
      expect(hint).toContain('bb rollback');
    }
    expect(await fleet.repository.head()).toBe(bad);
    const edit = back(bad, before);
    expect(granted(await controller.api.previewEdit(edit)).diff).toContain('-  - {hst: x.test}');
    granted(await controller.api.edit(edit, 'olga', NO_PROGRESS));
    expect(await fleet.repository.git('diff', before, 'HEAD')).toBe('');
    expect(granted(await controller.api.status()).revision).toBe(await fleet.repository.head());
  },
);
