import { limitWords, unlimited } from '../../backends/embedded/limit-method.ts';
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
  const detail = `by ${limitWords(method)}`;
  return unlimited(method).length === 0
    ? { state: 'ok', detail, fix: null }
    : {
        state: 'warn',
        detail,
        fix: 'run bb as root, or where a systemd user manager answers that may limit: loginctl enable-linger',
      };
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
