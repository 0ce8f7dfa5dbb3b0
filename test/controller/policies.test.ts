import { expect, onTestFinished, test } from 'vitest';
import { PolicyDecisions } from '../../src/controller/policy-decisions.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
} from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;
const POLICY = 'desired-state/policies/common.yaml';
const RULES = `rules:
  - when: {tool: egress-block, hosts: [api.example.test, "*.mirror.example.test"], methods: [GET]}
    do: approve
    expiresAfter: 8h
  - when: {hosts: ["*.ngrok.test", paste.test]}
    do: reject
    reason: exfiltration service
  - when: {tool: capability-block}
    do: ask
`;

/** A fleet with rules, in force. */
async function ruled(rules = RULES, files: { readonly [path: string]: string } = {}) {
  const fleet = await fleetWorld({ ...FLEET_FILES, [POLICY]: rules, ...files });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  const look = () => controller.api.reconcile({}, NO_PROGRESS);
  return { fleet, controller, look };
}

const responseOf = async (fleet: FleetWorld, id: string) =>
  (await fleet.proposals().read(id))?.response ?? null;

const subjects = async (fleet: FleetWorld) =>
  (await fleet.repository.git('log', '--format=%s')).split('\n');

test('N3 a rule approves as a commit in its own name, with its end, in force and answered', async () => {
  const { fleet, look } = await ruled();
  const id = await fleet.propose();
  granted(await look());
  expect(await responseOf(fleet, id)).toMatchObject({
    state: 'approved',
    operator: 'policy/common#1',
  });
  const message = await fleet.repository.git('log', '-1', '--format=%B');
  expect(message).toContain('Bb-Operator: policy/common#1');
  expect(message).toContain(`Bb-Proposal: ${id}`);
  const ends = new Date(fleet.clock.nowMs() + 8 * 3_600_000).toISOString().replace('.000Z', 'Z');
  expect(await fleet.repository.git('show', 'HEAD:desired-state/routes/dev.yaml')).toContain(ends);
  expect(fleet.sidecars.get('dev')).toContain('api.example.test');
});

test('N3 a rule refuses with its reason, and what no rule decides waits for an operator', async () => {
  const { fleet, look } = await ruled();
  const refused = await fleet.propose('x.ngrok.test');
  const other = await fleet.propose('other.test');
  granted(await look());
  expect(await responseOf(fleet, refused)).toMatchObject({
    state: 'rejected',
    operator: 'policy/common#2',
    notes: 'exfiltration service',
  });
  expect(await responseOf(fleet, other)).toBeNull();
  expect(await subjects(fleet)).toHaveLength(2);
});

test('the loop decides by itself, once, however often it looks', async () => {
  const { fleet, controller } = await ruled();
  const ended = new AbortController();
  const loop = controller.watch(ended.signal);
  onTestFinished(async () => {
    ended.abort();
    await loop;
  });
  const id = await fleet.propose();
  await expect
    .poll(
      async () => {
        if (fleet.clock.sleeping > 0) await fleet.clock.advance(5_000);
        return (await responseOf(fleet, id))?.state;
      },
      { timeout: 20_000 },
    )
    .toBe('approved');
  ended.abort();
  await loop;
  expect((await subjects(fleet)).filter((subject) => subject.startsWith('Allow'))).toHaveLength(1);
});

test('what carries a credential in sum is left to an operator, although the rule names its host', async () => {
  const { fleet, controller, look } = await ruled(RULES, {
    'desired-state/routes/dev.yaml':
      'routes:\n  - {host: a.mirror.example.test, paths: [/x/], addresses: [10.1.2.3/32]}\n',
    'desired-state/routes/shared.yaml': 'routes:\n  - {host: git.example.test, paths: [/read/]}\n',
  });
  const other = await fleet.propose('other.mirror.example.test');
  const head = await fleet.repository.head();
  const permanent = await fleet.propose('a.mirror.example.test');
  granted(await look());
  expect(await responseOf(fleet, other)).toMatchObject({ state: 'approved' });
  expect(await responseOf(fleet, permanent)).toBeNull();
  expect(await fleet.repository.git('rev-list', '--count', `${head}..HEAD`)).toBe('1');
  granted(await controller.api.approve({ id: permanent, operator: 'olga' }, NO_PROGRESS));
});

test('an approval by rule that cannot be put in force is taken back and not tried again, by any process', async () => {
  const { fleet, look } = await ruled();
  fleet.refuses = (_bottle, { egress }) => (egress.routes.length > 0 ? 'no' : null);
  const id = await fleet.propose();
  granted(await fleet.elapse(look()));
  const [last, before] = await subjects(fleet);
  expect([before, last]).toEqual([
    'Allow api.example.test for dev',
    'Revert api.example.test for dev',
  ]);
  fleet.refuses = () => null;
  const head = await fleet.repository.head();
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  expect(await fleet.repository.head()).toBe(head);
  expect(await responseOf(fleet, id)).toBeNull();
});

test('a suspended fleet decides nothing by rule', async () => {
  const { fleet, look } = await ruled();
  await fleet.repository.commit({
    'desired-state/fleet.yaml': `${FLEET_FILES['desired-state/fleet.yaml']}suspend: true\n`,
  });
  const id = await fleet.propose();
  await look();
  expect(await responseOf(fleet, id)).toBeNull();
});

test('a rule that is taken out between its look and its commit does not decide', async () => {
  const { fleet, controller } = await ruled();
  const id = await fleet.propose();
  const rules = controller.reconciler.inForce()?.desired.policies ?? [];
  expect(rules).toHaveLength(3);
  await fleet.repository.commit({ [POLICY]: null, 'desired-state/agents/qa.yaml': agentFile() });
  await controller.decisions.answerDecided();
  const head = await fleet.repository.head();
  controller.policies.begin();
  await controller.policies.settled();
  expect(await fleet.repository.head()).toBe(head);
  expect(await responseOf(fleet, id)).toBeNull();
});

test('nobody decides in the name of a rule', async () => {
  const { fleet, controller } = await ruled();
  const id = await fleet.propose('other.test');
  const operator = 'Policy/common#1';
  expect(refusalOf(await controller.api.approve({ id, operator }, NO_PROGRESS)).kind).toBe(
    'bad-request',
  );
  expect(refusalOf(await controller.api.reject({ id, operator, reason: 'no' })).kind).toBe(
    'bad-request',
  );
  const edit = { kind: 'suspend-instance', bottle: 'dev', suspend: true } as const;
  expect(refusalOf(await controller.api.edit(edit, operator, NO_PROGRESS)).kind).toBe(
    'bad-request',
  );
  granted(await controller.api.reject({ id, operator: 'olga', reason: 'no' }));
});

test('a round that can neither decide nor tell why ends nothing but itself', async () => {
  const { fleet, controller } = await ruled();
  await fleet.propose();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const full = () => Promise.reject(new Error('the disk is full'));
  const journal = Object.assign(Object.create(controller.journal), { record: full });
  const { decisions, reconciler } = controller;
  const policies = new PolicyDecisions({
    decisions,
    journal,
    store: Object.assign(Object.create(fleet.proposals()), { pending: full }),
    index: controller.index,
    clock: fleet.clock,
    inForce: () => reconciler.inForce(),
  });
  policies.begin();
  await policies.settled();
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});
