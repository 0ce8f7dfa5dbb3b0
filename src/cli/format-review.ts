import type { ProposalReview } from '../controller/api.ts';
import { sanitizeBlock, sanitizeLine } from '../model/sanitize.ts';
import type { Paint, Style } from './colour.ts';

/** A proposal as an operator reads it before deciding: what it adds in sum, its risks, the edit. */
export function formatReview(review: ProposalReview, paint: Paint): readonly string[] {
  const { proposal, state, summary } = review;
  return [
    `${paint('bold', sanitizeLine(summary))}`,
    `${proposal.id}  ${proposal.bottle}  ${proposal.request.tool}  ${state}  ${sanitizeLine(proposal.createdAt)}`,
    '',
    paint('bold', 'Justification (words of the agent)'),
    ...block(proposal.justification),
    '',
    paint('bold', 'Effective change'),
    ...review.effective.map((text) => `  ${sanitizeLine(text)}`),
    '',
    ...(review.risks.length === 0
      ? []
      : [
          paint('bold', 'Risks'),
          ...review.risks.map((risk) => `  ${paint('yellow', `! ${sanitizeLine(risk)}`)}`),
          '',
        ]),
    paint('bold', 'Edit'),
    ...formatDiff(review.diff, paint),
    '',
    paint('bold', 'Plan'),
    ...planLines(review),
  ];
}

/** A unified diff with colours; its text is made harmless first. */
export function formatDiff(diff: string, paint: Paint): readonly string[] {
  return block(diff).map((line) => {
    const style = diffStyle(line.trimStart());
    return style === null ? line : paint(style, line);
  });
}

function diffStyle(line: string): Style | null {
  if (line.startsWith('+++') || line.startsWith('---')) return 'bold';
  if (line.startsWith('+')) return 'green';
  if (line.startsWith('-')) return 'red';
  return line.startsWith('@@') ? 'cyan' : null;
}

function planLines(review: ProposalReview): readonly string[] {
  const { actions, refused } = review.plan;
  if (refused !== null) return [`  refused: ${sanitizeLine(refused.reason)}`];
  if (actions.length === 0) return ['  nothing would be done'];
  return actions.map(
    ({ bottle, action, reason }) => `  ${bottle}: ${action.kind}, ${sanitizeLine(reason)}`,
  );
}

function block(text: string): readonly string[] {
  return sanitizeBlock(text.trimEnd())
    .split('\n')
    .map((line) => `  ${line}`);
}
