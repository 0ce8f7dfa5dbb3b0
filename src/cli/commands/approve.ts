import { Command } from '@commander-js/extra-typings';
import type { ApprovalTerms, Decision } from '../../controller/api.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatLeft } from '../format-left.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseEnd } from '../parse-end.ts';
import { ProgressPrinter } from '../progress.ts';
import type { Session } from '../session.ts';

interface ApproveOptions {
  readonly scope?: string | undefined;
  readonly expires?: string | undefined;
  readonly notes?: string | undefined;
  readonly seen?: string | undefined;
  readonly json?: true | undefined;
}

export const approveCommand: DeclareCommand = (frame) =>
  new Command('approve')
    .description('commit what a proposal asks for, apply it, then answer the agent')
    .argument('<id>')
    .option('--scope <scope>', 'instance (default) or set:<name>')
    .option('--expires <end>', 'ends by itself: 30m, 8h, 7d, or an instant', (raw) => parseEnd(raw))
    .option('--notes <text>', 'told to the agent and kept in the commit')
    .option('--seen <hash>', 'only what "bb show --json" gave under "seen"')
    .option('--json', 'print the decision as JSON')
    .action((id, options, command) =>
      frame.run(command, (session) => approve(session, id, options)),
    );

export const rejectCommand: DeclareCommand = (frame) =>
  new Command('reject')
    .description('refuse a proposal: recorded as a commit, told to the agent')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; told to the agent and kept in the commit')
    .option('--json', 'print the decision as JSON')
    .action((id, options, command) =>
      frame.run(command, (session) => reject(session, id, options.reason, options.json === true)),
    );

/** Reviews and approves in one go, so that exactly what is printed is what is committed. */
async function approve(session: Session, id: string, options: ApproveOptions): Promise<ExitCode> {
  const { output, surroundings } = session;
  const json = options.json === true;
  await using api = await session.open();
  const terms = termsOf(options);
  const review = await session.expect(api.review(id, terms));
  if (!json) {
    output.note(output.paint('bold', sanitizeLine(review.summary)));
    for (const text of review.effective) output.note(`  ${sanitizeLine(text)}`);
    for (const risk of review.risks) output.note(output.paint('yellow', `! ${sanitizeLine(risk)}`));
  }
  using progress = new ProgressPrinter(output);
  const decision = await session.complete(
    api.approve(
      {
        id,
        seen: options.seen ?? review.seen,
        operator: surroundings.operator,
        ...terms,
        ...(options.notes === undefined ? {} : { notes: options.notes }),
      },
      json ? () => {} : progress.show,
    ),
  );
  progress[Symbol.dispose]();
  return showDecision(session, decision, json);
}

/** The terms that the options name, and no others. */
export function termsOf({
  scope,
  expires,
}: Pick<ApproveOptions, 'scope' | 'expires'>): ApprovalTerms {
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(expires === undefined ? {} : { expires }),
  };
}

async function reject(
  session: Session,
  id: string,
  reason: string,
  json: boolean,
): Promise<ExitCode> {
  await using api = await session.open();
  const { operator } = session.surroundings;
  const decision = await session.complete(api.reject({ id, reason, operator }));
  return showDecision(session, decision, json);
}

function showDecision(session: Session, decision: Decision, json: boolean): ExitCode {
  const { state, revision, commitSubject } = decision;
  if (json) session.output.json(decision);
  else {
    const subject = sanitizeLine(commitSubject);
    session.output.note(`${state}: commit ${revision.slice(0, 8)} ${subject}`);
  }
  for (const path of decision.leftInWorkingTree ?? []) {
    session.output.diagnostic(
      `${session.output.paintError('yellow', 'note:')} ${formatLeft(path)}`,
    );
  }
  return EXIT.done;
}
