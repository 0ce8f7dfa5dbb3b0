import { expect, test } from 'vitest';
import { granted } from '../builders/controller.ts';
import { decidedIn, remoteFleet } from '../builders/remote-fleet.ts';
import { Life } from '../fakes/life.ts';

const NO_PROGRESS = () => undefined;

test('a process that dies anywhere in two approvals of a remote is followed by one that finishes them: one commit, one answer each', {
  timeout: 240_000,
}, async () => {
  const { remote, fleet } = await remoteFleet();
  for (let call = 1; ; call += 1) {
    const hosts = ['a', 'b'].map((name) => `${name}-${call}.example.test`);
    const ids = await Promise.all(hosts.map((host) => fleet.propose(host)));
    // What is there before a call is what is there after the one before it.
    const life = new Life({ call, when: 'before' });
    const dying = await fleet.open(life);
    const approvals = ids.map((id) => dying.api.approve({ id, operator: 'olga' }, NO_PROGRESS));
    const ended = await Promise.race([
      Promise.all(approvals).then(() => 'finished' as const),
      life.ended.then(() => 'died' as const),
    ]);
    const at = `before ${life.calls.at(-1)} (${call})`;
    const next = await fleet.open();
    granted(await next.api.reconcile({}, NO_PROGRESS));
    granted(await next.api.reconcile({}, NO_PROGRESS));

    const made = await decidedIn(remote);
    const outcomes = await Promise.all(
      ids.map(async (id, index) => ({
        commits: made.filter((subject) => subject.includes(` ${hosts[index]} `)).length,
        state: (await fleet.proposals().read(id))?.response?.state ?? 'pending',
      })),
    );
    // What died before it was written down was never heard of: its operator was not answered either.
    const holds = life.calls.filter((each) => each === 'held.hold').length;
    const written = ended === 'died' && life.calls.at(-1) === 'held.hold' ? holds - 1 : holds;
    const approved = Array.from({ length: written }, () => ({ commits: 1, state: 'approved' }));
    const lost = Array.from({ length: 2 - written }, () => ({ commits: 0, state: 'pending' }));
    const inOrder = outcomes.toSorted((one, other) => other.commits - one.commits);
    expect(inOrder, at).toEqual([...approved, ...lost]);
    expect(granted(await next.api.status()).remote?.waiting, at).toBe(0);
    for (const [index, id] of ids.entries()) {
      if (outcomes[index]?.state !== 'pending') continue;
      granted(await next.api.reject({ id, reason: 'lost', operator: 'olga' }));
    }
    if (ended === 'finished') {
      expect(life.calls).toEqual(
        expect.arrayContaining(['held.hold', 'chain.publish', 'held.release', 'proposals.respond']),
      );
      return;
    }
  }
});
