import type { ProposalReview } from '../../controller/api.ts';
import { formatReview } from '../format-review.ts';
import { wrapText } from '../wrap-text.ts';
import { headerLines } from './header-lines.ts';
import { type Line, span, type Tone } from './line.ts';
import type { ViewerState } from './viewer-state.ts';

/** The proposal of the detail view as lines, before scrolling; one line while it is fetched. */
export function detailLines(review: ProposalReview | null, columns: number): readonly Line[] {
  if (review === null) return [[span('fetching…', 'dim')]];
  return formatReview(review, (_style, text) => text)
    .flatMap((line) => wrapText(line, Math.max(20, columns)))
    .map((text) => [span(text, toneOf(text))]);
}

/** Lines that the detail view has room for. */
export function detailRows(state: ViewerState): number {
  return Math.max(1, state.size.rows - headerLines(state).length - 3);
}

/** The furthest that the detail can be scrolled. */
export function maxScroll(state: ViewerState): number {
  const lines = detailLines(state.detail?.review ?? null, state.size.columns);
  return Math.max(0, lines.length - detailRows(state));
}

function toneOf(text: string): Tone {
  if (!text.startsWith(' ')) return 'strong';
  const line = text.trimStart();
  if (line.startsWith('+++') || line.startsWith('---')) return 'strong';
  if (line.startsWith('+')) return 'good';
  if (line.startsWith('-')) return 'bad';
  if (line.startsWith('@@')) return 'busy';
  return line.startsWith('!') ? 'attention' : 'plain';
}
