import type { Diagnostic } from '../model/diagnostic.ts';
import type { ExitCode } from './exit-codes.ts';

/** Ends a command with words for a person: what, why, and what to do next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;
  readonly hint: string | null;
  readonly diagnostics: readonly Diagnostic[];

  constructor(options: {
    readonly exitCode: ExitCode;
    readonly message: string;
    readonly hint?: string | null;
    readonly diagnostics?: readonly Diagnostic[];
  }) {
    super(options.message);
    this.exitCode = options.exitCode;
    this.hint = options.hint ?? null;
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** Thrown where a command noticed Ctrl-C, or that nobody reads its output any more. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
