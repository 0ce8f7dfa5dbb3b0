import type { Refusal } from '../controller/api.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** The failure that a refusal of the controller means for a script and a person. */
export function failureOf(refusal: Refusal): CommandFailure {
  return new CommandFailure({ ...refusal, exitCode: exitCodeOf(refusal.kind) });
}

/** 2 where what was asked or written is wrong, 1 where it was right and could not be done. */
function exitCodeOf(kind: Refusal['kind']): ExitCode {
  switch (kind) {
    case 'invalid':
    case 'bad-request':
    case 'not-found':
    case 'source':
    case 'untrusted':
    case 'host-config':
      return EXIT.invalid;
    case 'mass-deletion':
    case 'locked':
    case 'conflict':
    case 'remote':
    case 'apply-failed':
      return EXIT.failed;
  }
}
