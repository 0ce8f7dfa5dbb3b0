import { gitProcess } from '../adapters/git-process.ts';
import type { Check } from '../doctor.ts';

const OLDEST_GIT = [2, 30] as const;

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
