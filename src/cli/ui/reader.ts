import { assertNever } from '../../model/assert-never.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { shortRevision } from '../age.ts';
import { wrapText } from '../wrap-text.ts';
import { headerLines } from './header-lines.ts';
import { type Line, span, type Tone } from './line.ts';
import type { Reduced } from './viewer-event.ts';
import type { Topic, ViewerState } from './viewer-state.ts';

/** A text that is followed for days keeps its newest lines only. */
const MAX_LINES = 2_000;

/** Opens the text of `topic` in place of the panes. */
export function opened(state: ViewerState, topic: Topic): Reduced<ViewerState> {
  // What goes on is read at its end, what is whole from its beginning.
  const scroll = topic.kind === 'commit' ? 0 : null;
  const reader = { topic, lines: null, scroll };
  return { state: { ...state, reader }, effects: [{ kind: 'read', topic }] };
}

/** Adds what came, unless another text is open by now. Everything in it is made harmless here, once (D13). */
export function withLines(
  state: ViewerState,
  read: { readonly topic: Topic; readonly lines: readonly string[]; readonly isWhole: boolean },
): ViewerState {
  const { reader } = state;
  if (reader === null || !isSame(reader.topic, read.topic)) return state;
  const columns = Math.max(20, state.size.columns);
  const fresh = read.lines
    .map((line) => sanitizeLine(line.replaceAll('\t', '    '), 2_000))
    .flatMap((line) => wrapText(line, columns));
  const lines = read.isWhole ? fresh : [...(reader.lines ?? []), ...fresh];
  const dropped = Math.max(0, lines.length - MAX_LINES);
  const scroll = reader.scroll === null ? null : Math.max(0, reader.scroll - dropped);
  return { ...state, reader: { ...reader, lines: lines.slice(dropped), scroll } };
}

/** Moves by lines; at the end it follows what comes. */
export function scrolledBy(state: ViewerState, by: number): ViewerState {
  const { reader } = state;
  if (reader === null) return state;
  const last = Math.max(0, (reader.lines?.length ?? 0) - readerRows(state));
  const next = Math.max(0, (reader.scroll ?? last) + by);
  return { ...state, reader: { ...reader, scroll: next >= last ? null : next } };
}

/** The text as lines of the screen, under its title. */
export function readerLines(state: ViewerState): readonly Line[] {
  const { reader } = state;
  if (reader === null) return [];
  const rows = readerRows(state);
  const lines = reader.lines ?? [];
  const last = Math.max(0, lines.length - rows);
  const start = Math.min(reader.scroll ?? last, last);
  const end = Math.min(lines.length, start + rows);
  const part = lines.length > rows ? `  lines ${start + 1}–${end} of ${lines.length}` : '';
  const title: Line = [span(titleOf(reader.topic), 'strong'), span(part, 'dim')];
  if (reader.lines === null) return [title, [span('fetching…', 'dim')]];
  if (lines.length === 0) return [title, [span('  nothing yet', 'dim')]];
  return [
    title,
    ...lines.slice(start, end).map((text) => [span(text, toneOf(reader.topic, text))]),
  ];
}

function isSame(left: Topic, right: Topic): boolean {
  return titleOf(left) === titleOf(right);
}

function readerRows(state: ViewerState): number {
  return Math.max(1, state.size.rows - headerLines(state).length - 4);
}

function titleOf(topic: Topic): string {
  switch (topic.kind) {
    case 'logs':
      return `Logs of ${topic.bottle}, ${topic.component}`;
    case 'diff':
      return `Desired against observed: ${topic.bottle}`;
    case 'events':
      return 'Events';
    case 'commit':
      return `Commit ${shortRevision(topic.revision)}`;
    default:
      return assertNever(topic);
  }
}

function toneOf(topic: Topic, text: string): Tone {
  if (topic.kind === 'logs' || topic.kind === 'events') return 'plain';
  if (text.startsWith('+')) return 'good';
  return text.startsWith('-') ? 'bad' : 'plain';
}
