import { limitMethod } from '../../backends/embedded/limits.ts';
import { isOnPath } from '../../backends/embedded/on-path.ts';
import { installing, probeMachine } from '../../backends/embedded/probe.ts';
import type { Check } from '../doctor.ts';

/** Can bottles be made without an engine? Where one answers they need not. */
export const checkSandboxes: Check = async ({ environment }) => {
  const availability = await probeMachine(environment['PATH']);
  return availability.available
    ? { state: 'ok', detail: availability.detail, fix: null }
    : { state: 'warn', detail: availability.reason, fix: availability.fix };
};

/** Is a bottle without an engine held to its memory and CPU? */
export const checkLimits: Check = async () => {
  const method = limitMethod();
  return method === 'rlimit'
    ? {
        state: 'warn',
        detail: 'of a bottle without an engine only the number of processes is limited',
        fix: 'run bb as root, or where a systemd user manager answers: loginctl enable-linger',
      }
    : { state: 'ok', detail: `by ${method}`, fix: null };
};

/** Does a session in a bottle without an engine outlive the terminal that it was begun in? */
export const checkTerminals: Check = async ({ environment }) =>
  isOnPath('dtach', environment['PATH'])
    ? { state: 'ok', detail: 'held by dtach', fix: null }
    : {
        state: 'warn',
        detail: 'without dtach a session in a bottle without an engine ends with its terminal',
        fix: `Install it: ${installing('dtach')}.`,
      };
