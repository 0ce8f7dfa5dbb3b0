import { displayWidth, padToWidth, truncateToWidth } from '../display-width.ts';

/** How a piece of text stands out; never the only way that something is told. */
export type Tone =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'good'
  | 'busy'
  | 'attention'
  | 'bad'
  | 'selected'
  | 'fresh';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of the screen. */
export type Line = readonly Span[];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** `line` cut to `columns`. */
export function fitLine(line: Line, columns: number): Line {
  const fitted: Span[] = [];
  let left = columns;
  for (const { text, tone } of line) {
    if (left <= 0) break;
    const kept = truncateToWidth(text, left);
    fitted.push({ text: kept, tone });
    left -= displayWidth(kept);
  }
  return fitted;
}

/** Cells side by side, each in its width, two spaces apart; the last one takes what is left. */
export function cells(texts: readonly (readonly [text: string, width: number])[]): string {
  return texts
    .map(([text, width]) => padToWidth(truncateToWidth(text, width), width))
    .join('  ')
    .trimEnd();
}
