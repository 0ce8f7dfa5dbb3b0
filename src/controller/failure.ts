import { BackendError } from '../backends/backend.ts';
import { sanitizeLine } from '../model/sanitize.ts';

/**
 * How a bottle's turn failed, which decides what happens next: `waiting` comes back when something known happens,
 * `transient` is retried with backoff, `terminal` waits until a person or a commit changes the input.
 */
export interface Failure {
  readonly kind: 'waiting' | 'transient' | 'terminal';
  readonly message: string;
  readonly hint: string | null;
  /** The end of what the step printed, sanitised; absent where it prints nothing. */
  readonly log?: readonly string[];
}

/** Thrown by the shell's own steps, so that they are classified where they are known. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Turns whatever a step threw into a failure; an unknown error is retried, for it may be the world's fault. */
export function classifyFailure(error: unknown): Failure {
  if (error instanceof StepFailed) return error.failure;
  if (error instanceof BackendError) {
    return { kind: error.kind, message: sanitizeLine(error.message), hint: error.hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'transient', message: sanitizeLine(message), hint: null };
}
