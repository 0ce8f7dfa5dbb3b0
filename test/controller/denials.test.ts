import { expect, onTestFinished, test } from 'vitest';
import { FLEET_FILES, fleetWorld, granted, refusalOf } from '../builders/controller.ts';
import { proposalRequest } from '../builders/proposal.ts';

const NO_PROGRESS = () => undefined;
const OPERATOR = { operator: 'olga' };
const BASE = 'desired-state/bottles/base.yaml';
const DENYING = `env:
  PAGER: cat
deny:
  - {host: "*.ngrok.test", reason: exfiltration service}
  - paste.test
`;

async function fleetOf(files: { readonly [path: string]: string } = {}) {
  const fleet = await fleetWorld({ ...FLEET_FILES, ...files });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  return { fleet, api };
}

test('a proposal for what is denied is neither shown as a change nor approved, and says which line; the rest is', async () => {
  const { fleet, api } = await fleetOf({ [BASE]: DENYING });
  const head = await fleet.repository.head();
  const id = await fleet.propose('x.ngrok.test');
  const said = {
    kind: 'conflict',
    message: 'x.ngrok.test is denied to dev by bottles/base.yaml:4: exfiltration service',
    hint: 'reject the proposal, or take *.ngrok.test out of that list first',
  };
  expect(refusalOf(await api.review(id))).toMatchObject(said);
  expect(refusalOf(await api.approve({ id, ...OPERATOR }, NO_PROGRESS))).toMatchObject(said);
  const scoped = { id, ...OPERATOR, scope: 'set:common' };
  expect(refusalOf(await api.approve(scoped, NO_PROGRESS))).toMatchObject(said);
  expect(await fleet.repository.head()).toBe(head);
  granted(await api.reject({ id, reason: 'no', ...OPERATOR }));
  const apex = await fleet.propose('ngrok.test');
  granted(await api.approve({ id: apex, ...OPERATOR }, NO_PROGRESS));
  expect(fleet.sidecars.get('dev')).toContain('"host":"ngrok.test"');
});

test('a proposal that was modified into what is denied is refused too', async () => {
  const { fleet, api } = await fleetOf({ [BASE]: DENYING });
  const id = await fleet.propose('fine.test');
  const { text } = granted(await api.review(id));
  const other = text.replace('fine.test', 'paste.test');
  const answer = await api.approve({ id, text: other, ...OPERATOR }, NO_PROGRESS);
  expect(refusalOf(answer).message).toContain('bottles/base.yaml:5');
});

test('a denial that comes while a proposal waits wins, and closes what was approved before', async () => {
  const { fleet, api } = await fleetOf();
  const [first, second] = [await fleet.propose('paste.test'), await fleet.propose('b.paste.test')];
  granted(await api.approve({ id: first, ...OPERATOR }, NO_PROGRESS));
  const live = () => JSON.parse(fleet.sidecars.get('dev') ?? '{}').egress;
  expect(live().routes).toMatchObject([{ host: 'paste.test' }]);
  await fleet.repository.commit({ [BASE]: `${DENYING}  - "*.paste.test"\n` });
  const plan = granted(await api.plan({}));
  const changes = plan.plan.bottles.flatMap((bottle) => bottle.changes ?? []);
  const paths = changes.map(({ operation }) => operation.path);
  expect(paths).toContain('/deny/paste.test');
  expect(paths).toContain('/egress/routes/paste.test');
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(live()).toMatchObject({ routes: [], deny: [{}, {}, { host: 'paste.test' }] });
  const late = await api.approve({ id: second, ...OPERATOR }, NO_PROGRESS);
  expect(refusalOf(late).message).toContain('b.paste.test is denied to dev by bottles/base.yaml:6');
});

test('a rule approves nothing that is denied', async () => {
  const { fleet, api } = await fleetOf({
    [BASE]: DENYING,
    'desired-state/policies/common.yaml':
      'rules:\n  - when: {tool: egress-block, hosts: [paste.test, fine.test], methods: [GET]}\n    do: approve\n',
  });
  const request = (host: string) => ({ request: proposalRequest({ host, methods: ['GET'] }) });
  const denied = await fleet.propose('', request('paste.test'));
  const fine = await fleet.propose('', request('fine.test'));
  granted(await api.reconcile({}, NO_PROGRESS));
  expect((await fleet.proposals().read(fine))?.response?.state).toBe('approved');
  expect((await fleet.proposals().read(denied))?.response ?? null).toBeNull();
});

test('what the fleet denies holds for every bottle and proposal, and says its line', async () => {
  const fleetFile = 'desired-state/fleet.yaml';
  const { fleet, api } = await fleetOf({
    'desired-state/allowlists/qa.yaml': 'hosts: [paste.test, ok.test]\n',
  });
  expect(fleet.sidecars.get('qa')).toContain('"host":"paste.test"');
  const ids = () =>
    ['bb-home-qa', 'bb-home-qa-sidecars'].map((name) => fleet.engine.container(name)?.id);
  const created = ids();
  await fleet.repository.commit({
    [fleetFile]: `${FLEET_FILES[fleetFile]}deny: [paste.test]\n`,
  });
  granted(await api.reconcile({}, NO_PROGRESS));
  const { egress } = JSON.parse(fleet.sidecars.get('qa') ?? '');
  expect(egress.allowlist.map(({ host }: { host: string }) => host)).toEqual(['ok.test']);
  expect(egress.deny).toMatchObject([{ host: 'paste.test', file: 'fleet.yaml' }]);
  expect(ids()).toEqual(created);
  const id = await fleet.propose('paste.test');
  expect(refusalOf(await api.approve({ id, ...OPERATOR }, NO_PROGRESS)).message).toBe(
    'paste.test is denied to dev by fleet.yaml:4',
  );
});
