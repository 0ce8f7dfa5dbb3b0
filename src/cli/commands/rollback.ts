import { Command } from '@commander-js/extra-typings';
import type { FleetEdit } from '../../model/fleet-edit.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { CommandFailure } from '../command-failure.ts';
import { isConfirmed } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';
import { performEdit } from './edit.ts';
import { showReport } from './reconcile.ts';

interface RollbackOptions {
  readonly to?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

export const rollbackCommand: DeclareCommand = (frame) =>
  new Command('rollback')
    .description('take a decision back, as a commit; shows diff and plan, then asks')
    .argument('[decision]', 'a commit, an approved proposal, or a bottle: its newest decision')
    .option('--to <commit>', 'instead: all files, or those of a bottle, as they were at a commit')
    .option('--dry-run', 'show what it would do, and do nothing')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'with --dry-run: print JSON')
    .action((decision, options, command) =>
      frame.run(command, (session) => rollback(session, decision, options)),
    );

async function rollback(
  session: Session,
  decision: string | undefined,
  options: RollbackOptions,
): Promise<ExitCode> {
  const { output } = session;
  const wanted = wantedEdit(decision, options.to);
  if (wanted === null) {
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: 'bb rollback has to know what to take back',
      hint: 'name a commit, a proposal or a bottle, or where to go back to: --to <commit>',
    });
  }
  await using api = await session.open();
  const preview = await session.expect(api.previewEdit(wanted));
  const { edit, subject, diff, plan } = preview;
  if (options.dryRun && options.json) {
    output.json(preview);
    return EXIT.done;
  }
  const { formatPlan } = await import('../../reconcilers/format-plan.ts');
  const { formatDiff } = await import('../format-review.ts');
  output.lines([
    output.paint('bold', sanitizeLine(subject)),
    '',
    ...formatDiff(diff, output.paint),
    '',
    ...formatPlan(plan, { color: output.isColoured }).trimEnd().split('\n'),
  ]);
  if (options.dryRun) return EXIT.done;
  if (options.yes !== true && !(await isConfirmed(session, 'take it back?', 'take it back'))) {
    output.note('nothing was taken back');
    return EXIT.done;
  }
  return showReport(session, await performEdit(session, api, edit), false);
}

function wantedEdit(decision: string | undefined, to: string | undefined): FleetEdit | null {
  if (to !== undefined) return { kind: 'restore', revision: to, only: decision ?? null };
  return decision === undefined ? null : { kind: 'rollback', target: decision };
}
