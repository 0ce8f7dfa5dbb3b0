import { Command } from '@commander-js/extra-typings';
import { sanitizeLine } from '../../model/sanitize.ts';
import { formatAge } from '../age.ts';
import { termsOf } from '../approval-options.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatReview } from '../format-review.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseEnd } from '../parse-end.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../table.ts';

export const proposalsCommand: DeclareCommand = (frame) =>
  new Command('proposals')
    .description('what agents ask for, oldest first')
    .addCommand(
      new Command('list')
        .description('what agents ask for, oldest first')
        .option('--all', 'also those that are decided')
        .option('--json', 'print JSON')
        .action((options, command) =>
          frame.run(command, (session) => listProposals(session, options)),
        ),
      { isDefault: true },
    )
    .addCommand(showCommand(frame));

/** Also `bb proposals show`. */
export const showCommand: DeclareCommand = (frame) =>
  new Command('show')
    .description('one proposal: what it changes in sum, risks, diff and plan')
    .argument('<id>')
    .option('--scope <scope>', 'instance or set:<name>')
    .option('--expires <end>', 'as approved with that end', (raw) => parseEnd(raw))
    .option('--json', 'print JSON')
    .action((id, options, command) =>
      frame.run(command, (session) => showProposal(session, id, options)),
    );

async function listProposals(
  session: Session,
  options: { readonly all?: true | undefined; readonly json?: true | undefined },
): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const proposals = await session.expect(api.proposals({ all: options.all === true }));
  if (options.json) {
    output.json(proposals);
    return EXIT.done;
  }
  const rows = proposals.map(({ proposal, state, summary, waits }) => [
    proposal.id,
    proposal.bottle,
    sanitizeLine(waits ?? state),
    formatAge(proposal.createdAt, Date.now()),
    sanitizeLine(summary),
  ]);
  const table = formatTable(['ID', 'BOTTLE', 'STATE', 'AGE', 'ASKS FOR'], rows);
  output.lines(table.length === 0 ? ['no proposals'] : table);
  return EXIT.done;
}

async function showProposal(
  session: Session,
  id: string,
  options: {
    readonly scope?: string | undefined;
    readonly expires?: string | undefined;
    readonly json?: true | undefined;
  },
): Promise<ExitCode> {
  const { output } = session;
  await using api = await session.open();
  const review = await session.expect(api.review(id, termsOf(options)));
  if (options.json) output.json(review);
  else output.lines(formatReview(review, output.paint));
  return EXIT.done;
}
