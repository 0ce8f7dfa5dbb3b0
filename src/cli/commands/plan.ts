import { Command } from '@commander-js/extra-typings';
import type { Plan } from '../../model/action.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatDiagnosticLines } from '../format-diagnostic.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';

interface PlanOptions {
  readonly json?: true | undefined;
  readonly detailedExitcode?: true | undefined;
  readonly allowMassDelete?: true | undefined;
}

export const planCommand: DeclareCommand = (frame) =>
  new Command('plan')
    .description('show what a pass would do, with reasons and impact; touches nothing')
    .argument('[rev]', 'any commit; default: the tip of the branch')
    .option('--detailed-exitcode', 'exit 3 when something would change')
    .option('--allow-mass-delete', 'plan as if deleting most of the fleet were meant')
    .option('--json', 'print JSON')
    .action((revision, options, command) =>
      frame.run(command, (session) => showPlan(session, revision, options)),
    );

/** Also `bb reconcile --dry-run`. */
export async function showPlan(
  session: Session,
  revision: string | undefined,
  options: PlanOptions,
): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const report = await session.expect(
    api.plan({
      ...(revision === undefined ? {} : { revision }),
      allowMassDelete: options.allowMassDelete === true,
    }),
  );
  if (options.json) {
    output.json(report);
  } else {
    const { formatPlan } = await import('../../reconcilers/format-plan.ts');
    for (const diagnostic of report.diagnostics) {
      for (const line of formatDiagnosticLines(diagnostic, output.paintError)) {
        output.diagnostic(line);
      }
    }
    output.lines(formatPlan(report.plan, { color: output.isColoured }).trimEnd().split('\n'));
  }
  // The plan is then of the last commit that was valid: a script must not take it for one of the tip.
  if (report.diagnostics.some(({ severity }) => severity === 'error')) return EXIT.invalid;
  return options.detailedExitcode && hasDifferences(report.plan) ? EXIT.differences : EXIT.done;
}

function hasDifferences(plan: Plan): boolean {
  return (
    plan.actions.length > 0 ||
    plan.refused !== null ||
    plan.bottles.some(({ changes }) => changes.length > 0)
  );
}
