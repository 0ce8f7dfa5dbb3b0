import { execa } from 'execa';
import type { Check } from '../doctor.ts';
import { hostConfigOf } from './host-config.ts';

const WITHIN_MS = 5_000;

/** Is there a second gate, and does its program run? Without one egress enforces the hosts by itself. */
export const checkPipelock: Check = async (options) => {
  const config = await hostConfigOf(options);
  if (config === null) {
    return {
      state: 'warn',
      detail: 'not known while the host config is invalid',
      fix: 'see "host config"',
    };
  }
  if (config.pipelock === null) {
    return { state: 'ok', detail: 'built-in: egress enforces the hosts by itself', fix: null };
  }
  const { path } = config.pipelock;
  // Not the environment of the operator: it is somebody else's program.
  const ran = await execa(path, ['--version'], {
    ...{ reject: false, timeout: WITHIN_MS, maxBuffer: 10_000, stdin: 'ignore' },
    ...{ env: {}, extendEnv: false },
  });
  const [said = ''] = ran.stdout.split('\n');
  return ran.exitCode === 0 && /^pipelock version \S+/.test(said)
    ? { state: 'ok', detail: `${said.slice(0, 80)} at ${path}`, fix: null }
    : {
        state: 'fail',
        detail: `${path} does not say its version`,
        fix: 'install pipelock there, or write "pipelock: off" in config.yaml',
      };
};
