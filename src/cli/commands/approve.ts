import { Command } from '@commander-js/extra-typings';
import type { Answer, ControllerApi, Decision, ProposalReview } from '../../controller/api.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { type ApprovalOptions, grantOf, termsOf } from '../approval-options.ts';
import { approveAll } from '../approve-all.ts';
import { approveAsShown } from '../approve-as-shown.ts';
import { CommandFailure } from '../command-failure.ts';
import { isConfirmed } from '../confirm.ts';
import { counted } from '../counted.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatLeft } from '../format-left.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseEnd } from '../parse-end.ts';
import { ProgressPrinter } from '../progress.ts';
import { type ProposalFilter, parseFilter, passes } from '../proposal-filter.ts';
import type { Session } from '../session.ts';

interface ApproveOptions extends ApprovalOptions {
  readonly seen?: string | undefined;
  readonly all?: true | undefined;
  readonly where?: readonly ProposalFilter[] | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

export const approveCommand: DeclareCommand = (frame) =>
  new Command('approve')
    .description('commit what a proposal asks for, apply it, then answer the agent')
    .argument('[id]')
    .option('--scope <scope>', 'instance (default) or set:<name>')
    .option('--expires <end>', 'ends by itself: 30m, 8h, 7d, or an instant', (raw) => parseEnd(raw))
    .option('--notes <text>', 'told to the agent and kept in the commit')
    .option('--seen <hash>', 'only what "bb show --json" gave under "seen"')
    .option('--all', 'every proposal that waits, after one question')
    .option('--where <filter>', 'with --all: bottle=, tool= or host=', parseFilter)
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print the decision as JSON')
    .action((id, options, command) =>
      frame.run(command, (session) => {
        if ((id === undefined) !== (options.all === true)) throw USAGE;
        const of = id === undefined ? ONE_ALONE : ALL_ALONE;
        const strange = of.find((option) => options[option] !== undefined);
        if (strange !== undefined) throw strangeOption(strange, id === undefined);
        return id === undefined ? approveEvery(session, options) : approve(session, id, options);
      }),
    );

const USAGE = new CommandFailure({
  exitCode: EXIT.invalid,
  message: 'name one proposal, or none with --all',
  hint: 'bb proposals lists what waits',
});

/** Options that say something of one proposal, and of many. */
const ONE_ALONE = ['seen', 'json'] as const;
const ALL_ALONE = ['where'] as const;

function strangeOption(option: string, isAll: boolean): CommandFailure {
  return new CommandFailure({
    exitCode: EXIT.invalid,
    message: `--${option} ${isAll ? 'is of one proposal, not of --all' : 'needs --all'}`,
    hint: `leave --${option} out`,
  });
}

export const rejectCommand: DeclareCommand = (frame) =>
  new Command('reject')
    .description('refuse a proposal: recorded as a commit, told to the agent')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; told to the agent and kept in the commit')
    .option('--json', 'print the decision as JSON')
    .action((id, options, command) =>
      frame.run(command, (session) => reject(session, id, options.reason, options.json === true)),
    );

/** Reviews and approves in one go, so that exactly what is printed is what is committed; a person is asked between. */
async function approve(session: Session, id: string, options: ApproveOptions): Promise<ExitCode> {
  const json = options.json === true;
  await using api = await session.open();
  const review = await session.expect(api.review(id, termsOf(options)));
  if (!json) showReview(session, review);
  const asks = options.yes !== true && !json && session.surroundings.ask !== null;
  if (asks && !(await isConfirmed(session, 'approve?'))) return stillWaits(session, id);
  const request = { id, ...grantOf(options) };
  const { seen } = options;
  return await commitApproval(session, json, (operator, onProgress) =>
    seen === undefined
      ? approveAsShown(api, review, { ...request, operator }, onProgress)
      : api.approve({ ...request, operator, seen }, onProgress),
  );
}

/** What is approved, in sum, and what to look at twice. */
export function showReview({ output }: Session, review: ProposalReview): void {
  const { proposal, summary, effective, risks } = review;
  output.note(output.paint('bold', `${proposal.bottle}: ${sanitizeLine(summary)}`));
  for (const text of effective) output.note(`  ${sanitizeLine(text)}`);
  for (const risk of risks) output.note(output.paint('yellow', `! ${sanitizeLine(risk)}`));
}

/** Approves as the operator of the session, with progress, and tells the decision. */
export async function commitApproval(
  session: Session,
  json: boolean,
  approves: (
    operator: string,
    onProgress: Parameters<ControllerApi['approve']>[1],
  ) => Promise<Answer<Decision>>,
): Promise<ExitCode> {
  using progress = new ProgressPrinter(session.output);
  const onProgress = json ? () => {} : progress.show;
  const decision = await session.complete(approves(session.surroundings.operator, onProgress));
  progress[Symbol.dispose]();
  return showDecision(session, decision, json);
}

/** What a person hears who said no. */
export function stillWaits({ output }: Session, id: string): ExitCode {
  output.note(`${sanitizeLine(id, 40)} waits on`);
  return EXIT.done;
}

/**
 * Shows all of them, asks once, and approves one after the other what still is as it was shown. One that nobody could
 * approve is told and keeps none of the others waiting: an agent would need no more to stop them all.
 */
async function approveEvery(session: Session, options: ApproveOptions): Promise<ExitCode> {
  await using api = await session.open();
  const waiting = await session.expect(api.proposals({}));
  const chosen = waiting.filter((view) => passes(view, options.where ?? []));
  if (chosen.length === 0) {
    session.output.note('no proposal to approve');
    return EXIT.done;
  }
  const reviews: ProposalReview[] = [];
  for (const { proposal } of chosen) {
    const review = await api.review(proposal.id, termsOf(options));
    if (review.ok) reviews.push(review.value);
    else session.output.diagnostic(`${proposal.id}: ${sanitizeLine(review.refusal.message)}`);
  }
  for (const review of reviews) showReview(session, review);
  const atBest = reviews.length === chosen.length ? EXIT.done : EXIT.failed;
  if (reviews.length === 0) return atBest;
  const question = `approve ${counted(reviews.length, 'proposal')}, each as a commit?`;
  if (options.yes !== true && !(await isConfirmed(session, question, 'approve them'))) {
    session.output.note('all of them wait on');
    return EXIT.done;
  }
  using progress = new ProgressPrinter(session.output);
  const outcome = await approveAll(reviews, {
    request: { operator: session.surroundings.operator, ...grantOf(options) },
    ask: (call) => session.complete(call(api)),
    onProgress: progress.show,
  });
  progress[Symbol.dispose]();
  session.output.note(`approved ${outcome.count} of ${counted(reviews.length, 'proposal')}`);
  tellLeft(session, outcome.leftInWorkingTree);
  if (outcome.problem === null) return atBest;
  session.output.diagnostic(sanitizeLine(outcome.problem));
  return EXIT.failed;
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
  const { state, revision, commitSubject, decidedBy } = decision;
  if (json) session.output.json(decision);
  else {
    const subject = sanitizeLine(commitSubject);
    const by = decidedBy === undefined ? '' : ` before, by ${sanitizeLine(decidedBy)}`;
    session.output.note(`${state}${by}: commit ${revision.slice(0, 8)} ${subject}`);
  }
  tellLeft(session, decision.leftInWorkingTree ?? []);
  return EXIT.done;
}

function tellLeft({ output }: Session, paths: readonly string[]): void {
  for (const path of paths) {
    output.diagnostic(`${output.paintError('yellow', 'note:')} ${formatLeft(path)}`);
  }
}
