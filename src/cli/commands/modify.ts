import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { ControllerApi, ProposalReview } from '../../controller/api.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { type ApprovalOptions, grantOf, termsOf } from '../approval-options.ts';
import { CommandFailure } from '../command-failure.ts';
import { isConfirmed } from '../confirm.ts';
import { editText } from '../edit-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DeclareCommand } from '../frame.ts';
import { parseEnd } from '../parse-end.ts';
import type { Session } from '../session.ts';
import { commitApproval, showReview, stillWaits } from './approve.ts';

interface ModifyOptions extends ApprovalOptions {
  readonly from?: string | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

export const modifyCommand: DeclareCommand = (frame) =>
  new Command('modify')
    .description('approve something else than was asked for: opens $EDITOR on it')
    .argument('<id>')
    .option('--from <file>', 'take the text from a file; opens nothing')
    .option('--scope <scope>', 'instance (default) or set:<name>')
    .option('--expires <end>', 'ends by itself: 30m, 8h, 7d, or an instant', (raw) => parseEnd(raw))
    .option('--notes <text>', 'told to the agent and kept in the commit')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print the decision as JSON')
    .action((id, options, command) =>
      frame.run(command, (session) => modify(session, id, options)),
    );

/** Shows what the edited text means before it is approved; a text that asks for the same is no change (R31). */
async function modify(session: Session, id: string, options: ModifyOptions): Promise<ExitCode> {
  const json = options.json === true;
  await using api = await session.open();
  const asked = await session.expect(api.review(id, termsOf(options)));
  const modified = await modifiedReview(session, api, asked, options);
  if (modified === null) {
    session.output.note('unchanged: nothing is approved');
    return stillWaits(session, id);
  }
  const { review, text } = modified;
  if (!json) showReview(session, review);
  const asks = options.yes !== true && !json && session.surroundings.ask !== null;
  if (asks && !(await isConfirmed(session, 'approve this instead?')))
    return stillWaits(session, id);
  const request = { id, seen: review.seen, text, ...grantOf(options) };
  return await commitApproval(session, json, (operator, onProgress) =>
    api.approve({ ...request, operator }, onProgress),
  );
}

/** Null when nothing was changed. A text that cannot be taken is opened again, as long as there is somebody to ask. */
async function modifiedReview(
  session: Session,
  api: ControllerApi,
  asked: ProposalReview,
  options: ModifyOptions,
): Promise<{ readonly review: ProposalReview; readonly text: string } | null> {
  const { from } = options;
  let text = asked.text;
  for (;;) {
    text = from === undefined ? await edited(session, asked, text) : await given(session, from);
    if (text.trim() === asked.text.trim()) return null;
    const answer = await api.review(asked.proposal.id, { ...termsOf(options), text });
    if (answer.ok) return { review: answer.value, text };
    if (from !== undefined || session.surroundings.ask === null) {
      await session.expect(Promise.resolve(answer));
    }
    session.output.diagnostic(sanitizeLine(answer.refusal.message));
    if (!(await isConfirmed(session, 'edit it again?'))) return null;
  }
}

function edited(session: Session, { proposal }: ProposalReview, text: string): Promise<string> {
  const isImage = proposal.request.tool === 'capability-block';
  const name = `${proposal.id}${isImage ? '.Dockerfile' : '.yaml'}`;
  return editText(text, name, session.surroundings).catch((error: unknown) => {
    throw new CommandFailure({
      exitCode: EXIT.failed,
      message: error instanceof Error ? error.message : String(error),
      hint: 'nothing was approved; set EDITOR, or give the text with --from <file>',
    });
  });
}

function given({ surroundings }: Session, path: string): Promise<string> {
  return readFile(resolve(surroundings.cwd, path), 'utf8').catch(() => {
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: `${sanitizeLine(path)} cannot be read`,
      hint: 'bb show --json gives the text to start from under "text"',
    });
  });
}
