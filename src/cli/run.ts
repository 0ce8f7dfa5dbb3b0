import { CommanderError } from '@commander-js/extra-typings';
import { sanitizeBlock } from '../model/sanitize.ts';
import { CommandFailure, Interrupted } from './command-failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { makeProgram } from './program.ts';
import type { Surroundings } from './session.ts';
import { STDOUT_CLOSED } from './stdout-closed.ts';

/** Runs one command line and says how the process should end; never throws, never exits by itself. */
export async function run(
  argv: readonly string[],
  surroundings: Surroundings,
  version: string,
): Promise<ExitCode> {
  const { signal } = surroundings;
  try {
    const { program, ending } = await makeProgram(argv, surroundings, version);
    if (argv.length === 0) {
      program.outputHelp();
      return EXIT.done;
    }
    await program.parseAsync(argv, { from: 'user' });
    return signal.aborted ? endOfInterrupted(signal) : ending.exitCode;
  } catch (error) {
    return signal.aborted ? endOfInterrupted(signal) : endOfFailed(error, surroundings);
  }
}

/** Nobody reads any more = `bb … | head` got what it wanted; Ctrl-C is told to the caller. */
function endOfInterrupted(signal: AbortSignal): ExitCode {
  return signal.reason === STDOUT_CLOSED ? EXIT.done : EXIT.interrupted;
}

function endOfFailed(error: unknown, { output }: Surroundings): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.invalid;
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof CommandFailure) {
    output.failure(error);
    return error.exitCode;
  }
  const failure = error instanceof Error ? error : new Error(String(error));
  output.failure(
    new CommandFailure({
      exitCode: EXIT.failed,
      message: failure.message,
      hint: hintOf(failure) ?? 'bb doctor checks the machine; --verbose shows where it happened',
    }),
  );
  output.detail(sanitizeBlock(failure.stack ?? ''));
  return EXIT.failed;
}

/** What an error of the disk or of a backend knows to be done about it. */
function hintOf(failure: Error): string | null {
  return 'hint' in failure && typeof failure.hint === 'string' ? failure.hint : null;
}
