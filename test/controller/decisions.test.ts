import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bottleLayout } from '../../src/model/state-layout.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
  type TestController,
} from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';
import { Life } from '../fakes/life.ts';

const NO_PROGRESS = () => undefined;
const PASS = { permissions: { allowMassDelete: false, applyNow: [] } };
const OPERATOR = { operator: 'olga' };

/** A fleet that is in force, its first controller, and a proposal of `dev`. */
async function waiting(files?: { readonly [path: string]: string }) {
  const fleet = await fleetWorld(files);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  return { fleet, controller, id: await fleet.propose() };
}

const approve = ({ api }: TestController, id: string, more: { seen?: string } = {}) =>
  api.approve({ id, ...OPERATOR, ...more }, NO_PROGRESS);

async function stateOf(fleet: FleetWorld, id: string) {
  return (await fleet.proposals().read(id))?.response?.state ?? 'pending';
}

const subjects = async (fleet: FleetWorld) =>
  (await fleet.repository.git('log', '--format=%s')).split('\n');

test('an approval is a commit with trailers, and is answered when it is in force', async () => {
  const { fleet, controller, id } = await waiting();
  await fleet.repository.write({ 'desired-state/agents/qa.yaml': '# not committed\n' });
  await fleet.repository.write({ 'notes.txt': 'staged\n' });
  await fleet.repository.git('add', 'notes.txt');
  const decision = granted(await approve(controller, id));
  expect(decision).toMatchObject({ id, state: 'approved' });
  expect(decision.revision).toBe(await fleet.repository.head());
  const trailers = await fleet.repository.git('log', '-1', '--format=%(trailers)');
  for (const line of [
    'Bb-Action: approve',
    `Bb-Proposal: ${id}`,
    'Bb-Bottle: dev',
    'Bb-Tool: egress-block',
    'Bb-Operator: olga',
    'Bb-Justification: The task needs the release list',
  ]) {
    expect(trailers).toContain(line);
  }
  expect(fleet.sidecars.get('dev')).toContain('api.example.test');
  expect(fleet.sidecars.get('qa')).not.toContain('api.example.test');
  expect((await fleet.proposals().read(id))?.response).toMatchObject({
    state: 'approved',
    revision: decision.revision,
  });
  expect(await fleet.repository.git('status', '--short')).toBe(
    ' M desired-state/agents/qa.yaml\nA  notes.txt',
  );
  const edited = join(fleet.repository.root, 'desired-state/agents/qa.yaml');
  expect(await readFile(edited, 'utf8')).toBe('# not committed\n');
});

test('the answer comes after the table, not before', async () => {
  const { fleet, controller, id } = await waiting();
  const answers: string[] = [];
  fleet.refuses = () => {
    void stateOf(fleet, id).then((state) => answers.push(state));
    return null;
  };
  granted(await approve(controller, id));
  expect(answers[0]).toBe('pending');
  expect(await stateOf(fleet, id)).toBe('approved');
});

test('an approval holds while its diff does, wherever the branch went', async () => {
  const { fleet, controller, id } = await waiting();
  const other = await fleet.propose('git.example.test');
  const { seen } = granted(await controller.api.review(id));
  await fleet.repository.commit({ 'elsewhere.txt': 'x\n' });
  granted(await approve(controller, id, { seen }));

  const shown = granted(await controller.api.review(other)).seen;
  await fleet.repository.commit({
    'desired-state/routes/dev.yaml': 'routes:\n  - host: other.example.test\n',
  });
  const before = await fleet.repository.head();
  expect(refusalOf(await approve(controller, other, { seen: shown })).kind).toBe('conflict');
  expect(await fleet.repository.head()).toBe(before);
  const { seen: again } = granted(await controller.api.review(other));
  granted(await approve(controller, other, { seen: again }));
});

test('of two decisions at once exactly one wins, and the other is told', async () => {
  const { fleet, controller, id } = await waiting();
  const both = await Promise.all([approve(controller, id), approve(controller, id)]);
  expect(both.map(({ ok }) => ok)).toEqual([true, false]);
  expect(both.flatMap((answer) => (answer.ok ? [] : [answer.refusal.kind]))).toEqual(['conflict']);

  const next = await fleet.propose('git.example.test');
  const reject = { id: next, reason: 'no need', ...OPERATOR };
  const mixed = await Promise.all([controller.api.reject(reject), approve(controller, next)]);
  expect(mixed.map(({ ok }) => ok)).toEqual([true, false]);
  expect(await stateOf(fleet, next)).toBe('rejected');
  const decided = (await subjects(fleet)).filter((subject) => /^(Allow|Reject)/.test(subject));
  expect(decided).toHaveLength(2);
});

test('two processes that decide at once make one commit', async () => {
  const { fleet, controller, id } = await waiting();
  const other = await fleet.open();
  const answers = await Promise.all([
    approve(controller, id),
    other.api.reject({ id, reason: 'no', ...OPERATOR }),
  ]);
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  const decided = (await subjects(fleet)).filter((subject) => /^(Allow|Reject)/.test(subject));
  expect(decided).toHaveLength(1);
});

test('an id that is unknown, malformed or decided is refused and commits nothing', async () => {
  const { fleet, controller, id } = await waiting();
  granted(await controller.api.reject({ id, reason: 'no need', ...OPERATOR }));
  const before = await fleet.repository.head();
  expect(refusalOf(await approve(controller, id)).kind).toBe('conflict');
  expect(refusalOf(await approve(controller, '../../etc')).kind).toBe('not-found');
  expect(refusalOf(await approve(controller, id.replace(/.$/, 'Z'))).kind).toBe('not-found');
  expect(await fleet.repository.head()).toBe(before);
});

test('a rejection needs a reason, is an empty commit, and the agent is told', async () => {
  const { fleet, controller, id } = await waiting();
  const reject = (reason: string) => controller.api.reject({ id, reason, ...OPERATOR });
  expect(refusalOf(await reject('  ')).kind).toBe('bad-request');
  expect(await stateOf(fleet, id)).toBe('pending');
  granted(await reject('use the mirror'));
  expect(await fleet.repository.git('diff', 'HEAD~1', 'HEAD')).toBe('');
  expect(await fleet.repository.git('log', '-1', '--format=%(trailers)')).toContain(
    'Bb-Reason: use the mirror',
  );
  expect((await fleet.proposals().read(id))?.response).toMatchObject({ notes: 'use the mirror' });
});

test('nothing is committed for a bottle that could not have it', async () => {
  const { fleet, controller, id } = await waiting();
  const gone = await fleet.propose('api.example.test', { bottle: bottleName('gone') });
  const refused = async (asked: string) => {
    const before = await fleet.repository.head();
    const refusal = refusalOf(await approve(controller, asked));
    expect(await fleet.repository.head()).toBe(before);
    return refusal.message;
  };
  expect(await refused(gone)).toMatch(/gone/);
  const sidecars = fleet.engine.container('bb-home-dev-sidecars');
  if (sidecars === undefined) throw new Error('no sidecars');
  fleet.engine.put({ ...sidecars, state: 'exited' });
  expect(await refused(id)).toBe('bottle dev does not run');
  fleet.engine.put(sidecars);
  const suspend = { kind: 'suspend-instance', bottle: 'dev', suspend: true } as const;
  granted(await controller.api.edit(suspend, 'olga', NO_PROGRESS));
  expect(await refused(id)).toBe('bottle dev is suspended');
  granted(await controller.api.edit({ ...suspend, suspend: false }, 'olga', NO_PROGRESS));
  granted(await approve(controller, id));
});

test('a table that the sidecar refuses is taken back, and may be approved later', async () => {
  const { fleet, controller, id } = await waiting();
  fleet.refuses = (_bottle, { egress }) => (egress.routes.length > 0 ? 'it does not parse' : null);
  const refusal = refusalOf(await fleet.elapse(approve(controller, id)));
  expect(refusal).toMatchObject({ kind: 'apply-failed' });
  expect(refusal.message).toContain('it does not parse');
  expect((await subjects(fleet)).slice(0, 2)).toEqual([
    'Revert api.example.test for dev',
    'Allow api.example.test for dev',
  ]);
  expect(await fleet.repository.git('diff', 'HEAD~2', 'HEAD')).toBe('');
  expect(await fleet.repository.git('log', '-1', '--format=%(trailers)')).toContain('Bb-Reason:');
  expect(await stateOf(fleet, id)).toBe('pending');
  fleet.refuses = () => null;
  granted(await approve(controller, id));
  expect(await stateOf(fleet, id)).toBe('approved');
});

test('a sidecar that never reports does not keep what was taken back', async () => {
  const { fleet, controller, id } = await waiting();
  fleet.silent.add('dev');
  const refusal = refusalOf(await fleet.elapse(approve(controller, id)));
  expect(refusal.kind).toBe('apply-failed');
  expect(await fleet.repository.git('diff', 'HEAD~2', 'HEAD')).toBe('');
  expect(await stateOf(fleet, id)).toBe('pending');
  expect(controller.life.calls.filter((call) => call === 'files.render').length).toBeGreaterThan(3);
  fleet.silent.delete('dev');
  granted(await approve(controller, id));
});

test('a decision that was pushed from elsewhere counts', async () => {
  const { fleet, controller, id } = await waiting();
  const message = `Allow it\n\nBb-Action: approve\nBb-Proposal: ${id}\nBb-Operator: otto`;
  const route = 'routes:\n  - host: api.example.test\n';
  await fleet.repository.commit({ 'desired-state/routes/dev.yaml': route }, message);
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect((await fleet.proposals().read(id))?.response).toMatchObject({
    state: 'approved',
    operator: 'otto',
  });
});

test.each([
  ['by hand', ''],
  ['by a rollback', '\n\nBb-Action: rollback\nBb-Operator: olga'],
])(
  'an approval that was taken back %s before its agent was told is not told as one',
  async (_title, trailers) => {
    const { fleet, controller, id } = await waiting();
    const message = `Allow it\n\nBb-Action: approve\nBb-Proposal: ${id}\nBb-Operator: otto`;
    const route = 'routes:\n  - host: api.example.test\n';
    await fleet.repository.commit({ 'desired-state/routes/dev.yaml': route }, message);
    await fleet.repository.commit(
      { 'desired-state/routes/dev.yaml': null },
      `Take it back${trailers}`,
    );
    granted(await controller.api.reconcile({}, NO_PROGRESS));
    expect((await fleet.proposals().read(id))?.response).toMatchObject({
      state: 'expired',
      notes: expect.stringMatching(/^api\.example\.test was allowed in \w+ and is not any more$/),
    });
  },
);

test('a queue that nothing can be archived in keeps no agent waiting, also not of another bottle', async () => {
  const { fleet, controller, id } = await waiting();
  const { queue } = bottleLayout(fleet.stateDirectory, bottleName('dev'));
  await writeFile(`${queue}/archive`, 'no folder');
  granted(await approve(controller, id));
  expect(await stateOf(fleet, id)).toBe('approved');

  const commits = await Promise.all(
    ['dev', 'qa'].map(async (bottle) => {
      const asked = await fleet.propose(`${bottle}.test`, { bottle: bottleName(bottle) });
      return { asked, message: `No\n\nBb-Action: reject\nBb-Proposal: ${asked}\nBb-Operator: o` };
    }),
  );
  for (const { message } of commits) await fleet.repository.commit({}, message);
  await controller.reconciler.pass(PASS);
  await expect(controller.decisions.answerDecided()).rejects.toThrow('archive');
  for (const { asked } of commits) expect(await stateOf(fleet, asked)).toBe('rejected');
  await rm(`${queue}/archive`);
  await controller.decisions.answerDecided();
  expect((await fleet.proposals().read(id))?.archived).toBe(true);
});

test('a decision for a bottle that has left is closed', async () => {
  const { fleet, controller, id } = await waiting();
  const message = `Allow it\n\nBb-Action: approve\nBb-Proposal: ${id}\nBb-Operator: otto`;
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile() }, message);
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect(await stateOf(fleet, id)).toBe('expired');
});

test('a process that dies anywhere in an approval leaves one commit and one answer', {
  timeout: 120_000,
}, async () => {
  const calls = await deaths(async () => null);
  expect(calls).toContain('chain.publish');
  expect(calls).toContain('proposals.respond');
});

test('a process that dies anywhere in a failed approval leaves one that may be approved', {
  timeout: 120_000,
}, async () => {
  const calls = await deaths(async (fleet) => {
    fleet.refuses = (_bottle, { egress }) => (egress.routes.length > 0 ? 'no' : null);
    return () => {
      fleet.refuses = () => null;
    };
  });
  expect(calls.filter((call) => call === 'chain.publish')).toHaveLength(2);
});

/** Lets a process die at every changing call of an approval; the next one must finish the work. */
async function deaths(prepare: (fleet: FleetWorld) => Promise<(() => void) | null>) {
  let calls: readonly string[] = [];
  for (let call = 1; ; call += 1) {
    for (const when of ['before', 'after'] as const) {
      const { fleet, id } = await waiting({
        ...FLEET_FILES,
        'desired-state/agents/qa.yaml': agentFile(),
      });
      const mend = await prepare(fleet);
      const life = new Life({ call, when });
      const dying = await fleet.open(life);
      const ended = await fleet.elapse(
        Promise.race([
          approve(dying, id).then(() => 'answered' as const),
          life.ended.then(() => 'died' as const),
        ]),
      );
      calls = life.calls;
      if (ended === 'answered') return calls;
      const next = await fleet.open();
      await next.reconciler.pass(PASS);
      await next.reconciler.settled();
      await next.reconciler.pass(PASS);
      await next.decisions.answerDecided();
      mend?.();
      if ((await stateOf(fleet, id)) === 'pending') granted(await approve(next, id));
      expect(await stateOf(fleet, id), `${when} call ${call}`).toBe('approved');
      const made = await subjects(fleet);
      const allowed = made.filter((subject) => subject.startsWith('Allow')).length;
      const reverted = made.filter((subject) => subject.startsWith('Revert')).length;
      expect(allowed - reverted, made.join('\n')).toBe(1);
      expect(granted(await next.api.plan({})).plan.actions).toEqual([]);
      expect(await fleet.proposals().pending()).toEqual([]);
    }
  }
}

test('D9 the same decision that history holds already stands as it was made, whoever asks again', async () => {
  const { fleet, controller, id } = await waiting();
  const head = await fleet.repository.commit(
    { 'desired-state/routes/dev.yaml': 'routes:\n  - host: api.example.test\n' },
    `Allow api.example.test for dev\n\nBb-Action: approve\nBb-Proposal: ${id}\nBb-Operator: ann\n`,
  );
  const request = { id, operator: 'bo', notes: 'mine' };
  const decision = granted(await controller.api.approve(request, NO_PROGRESS));
  expect(decision).toMatchObject({ state: 'approved', revision: head, decidedBy: 'ann' });
  expect((await fleet.proposals().read(id))?.response).toMatchObject({
    operator: 'ann',
    notes: null,
    revision: head,
  });
  const other = await fleet.propose('other.test');
  await fleet.repository.commit(
    {},
    `Reject other.test for dev\n\nBb-Action: reject\nBb-Proposal: ${other}\nBb-Operator: ann\nBb-Reason: never\n`,
  );
  expect(refusalOf(await approve(controller, other)).message).toContain('was rejected by ann in');
  const again = await controller.api.reject({ id: other, operator: 'bo', reason: 'too' });
  expect(granted(again)).toMatchObject({ decidedBy: 'ann' });
  expect((await fleet.proposals().read(other))?.response?.notes).toBe('never');
});

test('what is taken back in one bottle holds up no decision about another', async () => {
  const { fleet, controller, id } = await waiting();
  const other = await fleet.propose('api.example.test', { bottle: bottleName('qa') });
  fleet.silent.add('dev');
  const first = approve(controller, id);
  // The approval's time is up before that of the turn which waits for the sidecars.
  const startedMs = fleet.clock.elapsedMs();
  await expect
    .poll(
      async () => {
        const isOver = fleet.clock.elapsedMs() - startedMs > 16_000;
        if (!isOver && fleet.clock.sleeping > 0) await fleet.clock.advance(1_000);
        return (await subjects(fleet))[0];
      },
      { timeout: 20_000, interval: 15 },
    )
    .toMatch(/^Revert/);
  const second = approve(controller, other);
  await expect.poll(async () => (await subjects(fleet))[0]).toBe('Allow api.example.test for qa');
  granted(await fleet.elapse(second));
  expect(refusalOf(await fleet.elapse(first)).kind).toBe('apply-failed');
});
