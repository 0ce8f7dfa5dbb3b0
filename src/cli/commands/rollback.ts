import { Command } from '@commander-js/extra-typings';
import { sanitizeLine } from '../../model/sanitize.ts';
import { isConfirmed } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import type { Session } from '../session.ts';
import { performEdit } from './edit.ts';
import { showReport } from './reconcile.ts';

interface RollbackOptions {
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

export const rollbackCommand: DeclareCommand = (frame) =>
  new Command('rollback')
    .description('take one decision back, as a commit; shows diff and plan, then asks')
    .argument('<decision>', 'a commit, or an approved proposal')
    .option('--dry-run', 'show what it would do, and do nothing')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'with --dry-run: print JSON')
    .action((decision, options, command) =>
      frame.run(command, (session) => rollback(session, decision, options)),
    );

async function rollback(
  session: Session,
  decision: string,
  options: RollbackOptions,
): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const preview = await session.expect(api.previewEdit({ kind: 'rollback', target: decision }));
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
