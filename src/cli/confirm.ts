import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Session } from './session.ts';

/**
 * Whether a person says yes to `question`; everything else is no. Where there is nobody to ask it is bad usage:
 * `meaning` is what `--yes` would have done.
 */
export async function isConfirmed(
  session: Session,
  question: string,
  meaning = 'go on',
): Promise<boolean> {
  const { ask } = session.surroundings;
  if (ask === null) {
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: 'there is no terminal to ask on, so nothing was done',
      hint: `add --yes to ${meaning}`,
    });
  }
  const answer = await ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
