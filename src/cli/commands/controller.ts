import { Command } from '@commander-js/extra-typings';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

export const controllerCommand: DeclareCommand = (frame) =>
  new Command('controller')
    .description('follow the branch and keep the fleet as it says, until stopped')
    .action((_options, command) => frame.run(command, runController));

/** Runs the loop in the foreground; Ctrl-C ends the loop and leaves every bottle running. */
export function runController(session: Session): Promise<ExitCode> {
  const { surroundings, output } = session;
  const tell = (line: string, severity: 'info' | 'error') => {
    const shown = sanitizeLine(line);
    if (severity === 'error') output.diagnostic(output.paintError('red', shown));
    else output.note(shown);
  };
  return surroundings.runController(session.controllerOptions, session.signal, tell);
}
