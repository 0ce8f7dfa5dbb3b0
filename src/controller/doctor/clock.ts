import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bottleLayout } from '../../model/state-layout.ts';
import { listFolders } from '../adapters/bottle-folders.ts';
import { gitProcess } from '../adapters/git-process.ts';
import { stateRoot } from '../adapters/state-directory.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { authorityState } from '../authority-state.ts';
import type { Check } from '../doctor.ts';

const TOLERATED_SKEW_MS = 60_000;
const SET_CLOCK = 'set the clock, e.g. with timedatectl set-ntp true';

/** A clock that is behind makes certificates of bottles not valid yet, and commits look like the future. */
export const checkClock: Check = async ({ repository = '.', environment }) => {
  const now = systemClock.nowMs();
  const aheadMs = (await newestCommitMs(repository)) - now;
  if (aheadMs > TOLERATED_SKEW_MS) {
    const detail = `the newest commit is ${Math.round(aheadMs / 1000)} s in the future`;
    return { state: 'warn', detail, fix: SET_CLOCK };
  }
  const untrusted = await untrustedBottles(stateRoot(environment), now);
  const [first] = untrusted;
  if (first === undefined) return { state: 'ok', detail: new Date(now).toISOString(), fix: null };
  return {
    state: 'fail',
    detail: `the authority of ${untrusted.join(', ')} is of another time: agents trust no server`,
    fix: `${SET_CLOCK}; if it is right, bb stop such a bottle and start it again`,
  };
};

/** 0 where git, or what it says of the repository, is another check's to tell. */
async function newestCommitMs(repository: string): Promise<number> {
  const asked = gitProcess(repository).run(['log', '-1', '--format=%ct']);
  const log = await asked.catch(() => null);
  return log?.exitCode === 0 ? Number(log.stdout.trim()) * 1000 : 0;
}

/** `<fleet>/<bottle> (not-valid-yet)` of each on this host whose authority is not in its time. */
async function untrustedBottles(root: string, nowMs: number): Promise<readonly string[]> {
  const fleets = await readdir(root).catch(() => []);
  const found = fleets.map(async (fleet) => {
    const folder = join(root, fleet);
    const bottles = await listFolders(folder).catch(() => []);
    const told = bottles.map(async (bottle) => {
      const path = join(bottleLayout(folder, bottle).trust, 'ca.pem');
      const state = authorityState(await readFile(path, 'utf8').catch(() => ''), nowMs);
      return state === null ? [] : [`${fleet}/${bottle} (${state})`];
    });
    return (await Promise.all(told)).flat();
  });
  return (await Promise.all(found)).flat();
}
