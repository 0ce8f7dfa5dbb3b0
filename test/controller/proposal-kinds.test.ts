import { readFile, rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import type { ApproveRequest } from '../../src/controller/api.ts';
import type { ProposalRequest } from '../../src/model/proposal.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import { diskQueueFiles } from '../../src/supervise/disk-queue-files.ts';
import { LIMITS } from '../../src/supervise/limits.ts';
import {
  agentFile,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
  type TestController,
} from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';

const NO_PROGRESS = () => undefined;
const DOCKERFILE = 'ARG BASE\nFROM $BASE\nRUN apt-get install -y jq\n';
const IMAGE: ProposalRequest = { tool: 'capability-block', dockerfile: DOCKERFILE };

/** A fleet that is in force, and a proposal of `dev`. */
async function waiting(request?: ProposalRequest) {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  const id = await fleet.propose('api.example.test', request === undefined ? {} : { request });
  return { fleet, controller, id };
}

const approve = ({ api }: TestController, id: string, more: Partial<ApproveRequest> = {}) =>
  api.approve({ id, operator: 'olga', ...more }, NO_PROGRESS);

const responseOf = async (fleet: FleetWorld, id: string) =>
  (await fleet.proposals().read(id))?.response ?? null;

const show = (fleet: FleetWorld, path: string) =>
  fleet.repository.git('show', `HEAD:desired-state/${path}`);

const agentOf = (fleet: FleetWorld) => fleet.engine.container('bb-home-dev');

test('R38 the host of a failed URL lands once in the allowlist, and the URL is kept to read', async () => {
  const failedUrl = 'https://files.example.test/v1/a.tar.gz?part=2';
  const request = { tool: 'pipelock-block', failedUrl, host: 'files.example.test' } as const;
  const { fleet, controller, id } = await waiting(request);
  expect(granted(await controller.api.review(id)).effective).toEqual([
    'dev: any method files.example.test (every path)',
  ]);
  granted(await approve(controller, id));
  const again = await fleet.propose('', { request: { ...request, failedUrl: `${failedUrl}&b` } });
  granted(await approve(controller, again));
  const list = await show(fleet, 'allowlists/dev.yaml');
  expect(list.match(/files\.example\.test/g)).toHaveLength(1);
  expect(await fleet.repository.git('log', '-1', '--format=%B')).toContain(`${failedUrl}&b`);
  expect(fleet.sidecars.get('dev')).toContain('files.example.test');
});

test('R31 what an operator approves instead is in force, recorded and told; the same text is refused', async () => {
  const { fleet, controller, id } = await waiting();
  const { text } = granted(await controller.api.review(id));
  expect(refusalOf(await approve(controller, id, { text })).kind).toBe('bad-request');
  const narrower = text.replace('/v1/', '/v1/releases');
  expect(refusalOf(await approve(controller, id, { text: `${text}also: x\n` })).message).toContain(
    'also',
  );
  const { effective, seen } = granted(await controller.api.review(id, { text: narrower }));
  expect(effective).toEqual(['dev: GET api.example.test /v1/releases /v1/releases/*']);
  const decision = granted(await approve(controller, id, { text: narrower, seen }));
  expect(decision.state).toBe('modified');
  expect(await show(fleet, 'routes/dev.yaml')).not.toContain('/v1/\n');
  expect(await responseOf(fleet, id)).toMatchObject({ state: 'modified', final: narrower });
  expect(await fleet.repository.git('log', '-1', '--format=%(trailers)')).toContain(
    'Bb-Action: modify',
  );
  const message = await fleet.repository.git('log', '-1', '--format=%B');
  expect(message).toContain('Asked for: GET api.example.test /v1/.\n');
  expect(message).toContain('Approved instead: GET api.example.test /v1/releases.\n');
});

test('an answer that was lost with its process tells what was approved instead', async () => {
  const { fleet, controller, id } = await waiting();
  const { queue } = bottleLayout(fleet.stateDirectory, bottleName('dev'));
  const proposal = await readFile(`${queue}/${id}.proposal.json`, 'utf8');
  const { text } = granted(await controller.api.review(id));
  const narrower = text.replace('/v1/', '/v1/releases');
  granted(await approve(controller, id, { text: narrower }));
  await rm(`${queue}/archive`, { recursive: true });
  await diskQueueFiles.publish(`${queue}/${id}.proposal.json`, proposal);
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  expect(await responseOf(fleet, id)).toMatchObject({ state: 'modified', final: narrower });
});

test.each([
  ['for the\nrelease\u202e: x', 'for the release\\u{202e}: x'],
  ['y'.repeat(800), `${'y'.repeat(499)}…`],
])(
  'an answer that was lost with its process says what the operator wrote, word for word',
  async (notes, told) => {
    const { fleet, controller, id } = await waiting();
    const { queue } = bottleLayout(fleet.stateDirectory, bottleName('dev'));
    const proposal = await readFile(`${queue}/${id}.proposal.json`, 'utf8');
    granted(await approve(controller, id, { notes }));
    expect(await responseOf(fleet, id)).toMatchObject({ state: 'approved', notes: told });
    await rm(`${queue}/archive`, { recursive: true });
    await diskQueueFiles.publish(`${queue}/${id}.proposal.json`, proposal);
    granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
    expect(await responseOf(fleet, id)).toMatchObject({ state: 'approved', notes: told });

    const other = await fleet.propose('other.test');
    const asked = await readFile(`${queue}/${other}.proposal.json`, 'utf8');
    granted(await controller.api.reject({ id: other, reason: notes, operator: 'olga' }));
    await rm(`${queue}/archive`, { recursive: true });
    await diskQueueFiles.publish(`${queue}/${other}.proposal.json`, asked);
    granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
    expect(await responseOf(fleet, other)).toMatchObject({ state: 'rejected', notes: told });
  },
);

test('an approved image is built, the agent replaced, then the agent answered', async () => {
  const { fleet, controller, id } = await waiting(IMAGE);
  const before = agentOf(fleet);
  const review = granted(await controller.api.review(id));
  expect(review.effective).toEqual(['dev: its agent is replaced by one of images/dev.Dockerfile']);
  expect(review.risks).toContain('is built on $BASE');
  granted(await fleet.elapse(approve(controller, id)));
  expect(await show(fleet, 'images/dev.Dockerfile')).toBe(DOCKERFILE.trimEnd());
  expect(await show(fleet, 'agents/dev.yaml')).toContain('dockerfile: images/dev.Dockerfile');
  expect(await fleet.repository.git('log', '-1', '--format=%s')).toBe('Change the image of dev');
  expect(agentOf(fleet)?.spec.image).not.toBe(before?.spec.image);
  expect(agentOf(fleet)?.state).toBe('running');
  expect(await responseOf(fleet, id)).toMatchObject({ state: 'approved' });
});

test('an image that cannot be built is taken back, the bottle runs on, and the proposal waits', async () => {
  const { fleet, controller, id } = await waiting(IMAGE);
  const before = agentOf(fleet);
  fleet.faults = {
    before: (call) => {
      if (call !== 'ensureImage') return;
      throw new BackendError({ code: 'build-failed', kind: 'terminal', message: 'no jq\nline 3' });
    },
  };
  const refusal = refusalOf(await fleet.elapse(approve(controller, id)));
  expect(refusal).toMatchObject({
    kind: 'apply-failed',
    message: expect.stringContaining('no jq'),
  });
  expect(await fleet.repository.git('diff', 'HEAD~2', 'HEAD')).toBe('');
  expect(agentOf(fleet)).toEqual(before);
  expect(await responseOf(fleet, id)).toBeNull();
  fleet.faults = {};
  granted(await fleet.elapse(approve(controller, id)));
});

test('R28 an image for a backend that cannot change one is refused before anything is touched', async () => {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  fleet.capabilityChange = false;
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  const id = await fleet.propose('', { request: IMAGE });
  const [head, agent] = [await fleet.repository.head(), agentOf(fleet)];
  expect(refusalOf(await approve(controller, id)).message).toContain('cannot change its image');
  expect(await fleet.repository.head()).toBe(head);
  expect(agentOf(fleet)).toEqual(agent);
  expect(await responseOf(fleet, id)).toBeNull();
});

test('a withdrawn proposal cannot be approved, and its agent is told that it is cancelled', async () => {
  const { fleet, controller, id } = await waiting();
  const { queue } = bottleLayout(fleet.stateDirectory, bottleName('dev'));
  await diskQueueFiles.publish(`${queue}/${id}.withdrawal.json`, '{}\n');
  const head = await fleet.repository.head();
  expect(refusalOf(await approve(controller, id)).message).toContain('withdrawn');
  await controller.decisions.answerDecided();
  expect(await responseOf(fleet, id)).toMatchObject({ state: 'cancelled' });
  expect(await fleet.repository.head()).toBe(head);
});

test('R26 a proposal that is too old, or of a bottle that left, ends by itself; a fresh one waits', async () => {
  const { fleet, controller, id } = await waiting();
  const at = (ms: number) => new Date(fleet.clock.nowMs() + ms).toISOString();
  const old = await fleet.propose('', { request: IMAGE, createdAt: at(-LIMITS.lifetimeMs - 1) });
  const ahead = await fleet.propose('a.test', { createdAt: at(LIMITS.lifetimeMs + 1) });
  const gone = await fleet.propose('b.test', { bottle: bottleName('qa') });
  await fleet.repository.commit({ 'desired-state/agents/qa.yaml': agentFile() });
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  for (const ended of [old, ahead, gone]) {
    expect(await responseOf(fleet, ended)).toMatchObject({ state: 'expired' });
  }
  expect((await fleet.proposals().pending()).map(({ proposal }) => proposal.id)).toEqual([id]);
});

test('another image for a bottle on a root file system of the host is refused with what to do, and is approved without one', async () => {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  fleet.rootfs = { debian: { path: '/srv/rootfs/debian', identity: 'one' } };
  const base = 'desired-state/bottles/base.yaml';
  await fleet.repository.commit({ [base]: 'image: {rootfs: debian}\n' });
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  const head = await fleet.repository.head();
  const id = await fleet.propose('', { request: IMAGE });
  const refusal = refusalOf(await approve(controller, id));
  expect(refusal.message).toBe(
    'bottle dev has the root file system "debian" of the host: a Dockerfile would be built over the programs of this machine in its place',
  );
  expect(refusal.hint).toMatch(
    new RegExp(`^install what it asks for into "debian" on the host, and bb reject ${id} `),
  );
  expect(await fleet.repository.head()).toBe(head);
  expect(await responseOf(fleet, id)).toBeNull();

  await fleet.repository.commit({ [base]: 'env: {}\n' });
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  granted(await approve(controller, id));
  expect((await responseOf(fleet, id))?.state).toBe('approved');
});
