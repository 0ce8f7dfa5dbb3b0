import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ExitCode } from './exit-codes.ts';
import { type GlobalOptions, Session, type Surroundings } from './session.ts';

/** Collects how the one command of this process ends. */
export class Ending {
  exitCode: ExitCode = 0;
}

/** What a file in `commands/` needs to declare its command. */
export class Frame {
  readonly #surroundings: Surroundings;
  readonly #ending: Ending;

  constructor(surroundings: Surroundings, ending: Ending) {
    this.#surroundings = surroundings;
    this.#ending = ending;
  }

  /** Runs the body of a command with its session and keeps its exit code. */
  async run(
    command: CommandUnknownOpts,
    body: (session: Session) => Promise<ExitCode>,
  ): Promise<void> {
    const options: GlobalOptions = command.optsWithGlobals();
    this.#surroundings.output.setVerbosity({
      quiet: options.quiet === true,
      verbose: options.verbose === true,
    });
    this.#ending.exitCode = await body(new Session(this.#surroundings, options));
  }
}

/** Makes one command; each file in `commands/` exports one. */
export type DeclareCommand = (frame: Frame) => CommandUnknownOpts;
