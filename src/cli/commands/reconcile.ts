import { Command } from '@commander-js/extra-typings';
import type { ReconcileReport } from '../../controller/api.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { shortRevision } from '../age.ts';
import { counted } from '../counted.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseDuration } from '../parse-duration.ts';
import { ProgressPrinter } from '../progress.ts';
import type { Session } from '../session.ts';
import { runController } from './controller.ts';
import { showPlan } from './plan.ts';

interface ReconcileOptions {
  readonly watch?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly timeout?: number | undefined;
  readonly allowMassDelete?: true | undefined;
  readonly json?: true | undefined;
}

export const reconcileCommand: DeclareCommand = (frame) =>
  new Command('reconcile')
    .description('bring the running fleet to what a commit says: one pass, until it holds')
    .argument('[rev]', 'any commit; default: the tip of the branch')
    .option('-w, --watch', 'keep going: the controller in the foreground')
    .option('--dry-run', 'show the plan and stop')
    .option('--timeout <duration>', 'give up after, e.g. 90s or 5m', parseDuration)
    .option('--allow-mass-delete', 'permit a commit that deletes most of the fleet')
    .option('--json', 'print the report as JSON')
    .action((revision, options, command) =>
      frame.run(command, (session) => reconcile(session, revision, options)),
    );

async function reconcile(
  session: Session,
  revision: string | undefined,
  options: ReconcileOptions,
): Promise<ExitCode> {
  if (options.dryRun) return showPlan(session, revision, options);
  if (options.watch) return runController(session);
  await using api = await session.open();
  using progress = new ProgressPrinter(session.output);
  const report = await session.complete(
    api.reconcile(
      {
        ...(revision === undefined ? {} : { revision }),
        ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
        allowMassDelete: options.allowMassDelete === true,
      },
      options.json ? () => {} : progress.show,
      session.signal,
    ),
  );
  progress[Symbol.dispose]();
  return showReport(session, report, options.json === true);
}

/** The end of a pass in words, and its exit code: 4 when updates wait for an operator. */
export function showReport(session: Session, report: ReconcileReport, json: boolean): ExitCode {
  const { output } = session;
  const waiting = report.bottles.filter(({ pending }) => pending !== null);
  if (json) {
    output.json(report);
  } else {
    for (const { name, pending } of waiting) {
      output.note(
        `${name} waits: ${pending?.impact} for ${sanitizeLine(pending?.waitsFor ?? '')}; bb apply ${name}`,
      );
    }
    for (const { bottle, message, hint } of report.failures) {
      output.diagnostic(`${output.paintError('red', bottle)}: ${sanitizeLine(message)}`);
      if (hint !== null) output.diagnostic(`  ${sanitizeLine(hint)}`);
    }
    output.note(summary(report));
  }
  if (!report.converged || report.failures.length > 0) return EXIT.failed;
  return waiting.length > 0 ? EXIT.waiting : EXIT.done;
}

function summary(report: ReconcileReport): string {
  const revision = shortRevision(report.revision);
  if (!report.converged) {
    return `not converged at ${revision}: ${report.failures.length} failed; bb status tells more`;
  }
  if (report.actions === 0) return `nothing to do at ${revision}`;
  return `in force at ${revision}: ${counted(report.actions, 'action')}, ${counted(report.bottles.length, 'bottle')}`;
}
