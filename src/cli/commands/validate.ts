import { Command } from '@commander-js/extra-typings';
import { counted } from '../counted.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { countDiagnostics, formatDiagnosticLines } from '../format-diagnostic.ts';
import type { DeclareCommand } from '../frame.ts';
import { failureOf } from '../refusal.ts';
import type { Session } from '../session.ts';

interface ValidateOptions {
  readonly workingTree?: true | undefined;
  readonly json?: true | undefined;
}

export const validateCommand: DeclareCommand = (frame) =>
  new Command('validate')
    .description('all problems of a commit, with file, line and column; needs no engine')
    .argument('[rev]', 'any commit; default: the tip of the branch')
    .option('--working-tree', 'check the files as they are, before they are committed')
    .option('--json', 'print JSON')
    .action((revision, options, command) =>
      frame.run(command, (session) => validate(session, revision, options)),
    );

async function validate(
  session: Session,
  revision: string | undefined,
  options: ValidateOptions,
): Promise<ExitCode> {
  const { output } = session;
  const { validateDesiredState } = await import('../../controller/validate.ts');
  const answer = await validateDesiredState({
    ...session.controllerOptions,
    source: options.workingTree ? { kind: 'working-tree' } : { kind: 'commit', revision },
  });
  if (!answer.ok) throw failureOf(answer.refusal);
  const { diagnostics, checked, bottles } = answer.value;
  const isValid = diagnostics.every(({ severity }) => severity !== 'error');
  if (options.json) {
    output.json({ valid: isValid, checked, bottles, diagnostics });
  } else {
    for (const diagnostic of diagnostics) {
      for (const line of formatDiagnosticLines(diagnostic, output.paintError)) {
        output.diagnostic(line);
      }
    }
    const verdict = isValid ? output.paint('green', 'valid') : output.paint('red', 'not valid');
    output.note(
      `${checked}: ${verdict}, ${countDiagnostics(diagnostics)}, ${counted(bottles, 'bottle')}`,
    );
  }
  return isValid ? EXIT.done : EXIT.invalid;
}
