import { gitProcess } from '../adapters/git-process.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { Check } from '../doctor.ts';

const OLDEST_GIT = [2, 30] as const;
const TOLERATED_SKEW_MS = 60_000;

export const checkGit: Check = async () => {
  const said = (await gitProcess('/').must(['--version'])).trim();
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(said) ?? [];
  const isOld =
    Number(major) < OLDEST_GIT[0] ||
    (Number(major) === OLDEST_GIT[0] && Number(minor) < OLDEST_GIT[1]);
  return isOld
    ? { state: 'fail', detail: said, fix: `install git ${OLDEST_GIT.join('.')} or newer` }
    : { state: 'ok', detail: said, fix: null };
};

export const checkRepository: Check = async ({ repository = '.' }) => {
  const top = await gitProcess(repository).run(['rev-parse', '--show-toplevel']);
  if (top.exitCode !== 0) {
    return {
      state: 'fail',
      detail: `${repository} is not in a git repository`,
      fix: 'bb init makes one; --repo names another',
    };
  }
  const root = top.stdout.trimEnd();
  const tree = await gitProcess(root).run(['rev-parse', '--verify', '-q', 'HEAD:desired-state']);
  return tree.exitCode === 0
    ? { state: 'ok', detail: root, fix: null }
    : {
        state: 'fail',
        detail: `${root} has no committed desired-state folder`,
        fix: 'commit one; bb init makes an example',
      };
};

/** A clock that is behind makes certificates of bottles not valid yet, and commits look like the future. */
export const checkClock: Check = async ({ repository = '.' }) => {
  const now = systemClock.nowMs();
  const log = await gitProcess(repository).run(['log', '-1', '--format=%ct']);
  const newestMs = log.exitCode === 0 ? Number(log.stdout.trim()) * 1000 : 0;
  if (newestMs > now + TOLERATED_SKEW_MS) {
    const seconds = Math.round((newestMs - now) / 1000);
    return {
      state: 'warn',
      detail: `the newest commit is ${seconds} s in the future`,
      fix: 'set the clock, e.g. with timedatectl set-ntp true',
    };
  }
  return { state: 'ok', detail: new Date(now).toISOString(), fix: null };
};
