import { onTestFinished } from 'vitest';
import { FLEET_FILES, FleetWorld, granted } from './controller.ts';
import { type ServedRemote, servedRemote } from './served-remote.ts';
import { temporaryFolder } from './state-directory.ts';

/** A fleet in force that a remote describes, and its first controller. */
export async function remoteFleet() {
  const remote = await servedRemote(FLEET_FILES);
  const fleet = new FleetWorld(remote.pusher, `${(await temporaryFolder()).path}/home`);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  fleet.remote = { url: remote.url, pollMs: 60_000, credential: null, webhook: null };
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, () => undefined));
  return { remote, fleet, controller };
}

/** Subjects of the decisions that the remote holds, oldest first. */
export async function decidedIn(remote: ServedRemote): Promise<readonly string[]> {
  const log = await remote.git('log', '--reverse', '--format=%s', 'main');
  return log
    .split('\n')
    .filter((subject) => /^(Allow|Change the image|Reject|Revert)/.test(subject));
}
