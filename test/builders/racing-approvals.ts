import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { granted } from './controller.ts';
import { bottleName } from './observed.ts';
import { decidedIn, remoteFleet } from './remote-fleet.ts';
import type { ServedRemote } from './served-remote.ts';

/** How much longer a pusher rests than it pushes: as often in the way on a busy machine as on one that is idle. */
const REST = 6;

/** Approves as many proposals at once as asked, while two others push to the same branch all the time. */
export async function approveAmongPushers(count: number): Promise<void> {
  const { remote, fleet, controller } = await remoteFleet();
  const first = await remote.git('rev-parse', 'main');
  const hosts = Array.from({ length: count }, (_, index) => `h${index}.example.test`);
  const bottles = ['dev', 'qa'].map(bottleName);
  const ids: string[] = [];
  for (const [index, host] of hosts.entries()) {
    const bottle = bottles[index % 2];
    ids.push(await fleet.propose(host, bottle === undefined ? {} : { bottle }));
  }
  const ended = new AbortController();
  const pushers = Promise.all(
    ['ann', 'ben'].map((name) => keepPushing(remote, name, ended.signal)),
  );
  const decisions = await Promise.all(
    ids.map((id) => controller.api.approve({ id, operator: 'olga' }, () => undefined)),
  ).finally(() => ended.abort());
  const theirs = (await pushers).flat();
  for (const decision of decisions) granted(decision);

  const log = (await remote.git('log', '--reverse', '--format=%s', `${first}..main`)).split('\n');
  const ours = hosts.map((host, index) => `Allow ${host} for ${bottles[index % 2]}`);
  expect(log.toSorted()).toEqual([...ours, ...theirs].toSorted());
  expect(await decidedIn(remote)).toHaveLength(count);
  // No merge, and what was there before is still what everything follows: nobody was overwritten.
  expect(await remote.git('rev-list', '--min-parents=2', 'main')).toBe('');
  expect(await remote.git('merge-base', first, 'main')).toBe(first);
  expect(theirs.length).toBeGreaterThanOrEqual(2);
  for (const [index, host] of hosts.entries()) {
    expect(fleet.sidecars.get(bottles[index % 2] ?? '')).toContain(host);
  }
  for (const id of ids) {
    expect((await fleet.proposals().read(id))?.response).toMatchObject({ state: 'approved' });
  }
}

/** Somebody who commits and pushes again and again until `signal` aborts. Gives the subjects that landed. */
async function keepPushing(
  remote: ServedRemote,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const clone = await remote.clone(name);
  const landed: string[] = [];
  for (let at = 0; !signal.aborted; at += 1) {
    const subject = `${name} ${at}`;
    const startMs = performance.now();
    await clone.commit({ [`${name}.txt`]: `${at}\n` }, subject);
    for (let isPushed = false; !isPushed; ) {
      isPushed = await clone.git('push', '--quiet', 'origin', 'main').then(
        () => true,
        () => false,
      );
      if (!isPushed) await clone.git('pull', '--quiet', '--rebase', 'origin', 'main');
    }
    landed.push(subject);
    const restMs = REST * (performance.now() - startMs);
    await delay(restMs, undefined, { signal }).catch(() => undefined);
  }
  return landed;
}
