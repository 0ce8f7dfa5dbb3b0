import { sanitizeLine } from '../../model/sanitize.ts';
import { detailLines, detailRows } from './detail-lines.ts';
import { headerLines } from './header-lines.ts';
import { historyLines } from './history.ts';
import { KEYMAP, modeOf } from './keymap.ts';
import { fitLine, type Line, span } from './line.ts';
import { modalLines } from './modal-lines.ts';
import { agentsPane, type PaneView, proposalsPane } from './pane-view.ts';
import { readerLines } from './reader.ts';
import type { Modal, ViewerState } from './viewer-state.ts';

/** The smallest terminal that the viewer draws for. */
const SMALLEST = { columns: 40, rows: 10 } as const;
/** Lines of both panes, from which on one of them names columns. */
const COLUMN_NAMES_FROM = 6;

/** One frame: every line cut to the terminal's width, together at most its height less one. */
export interface ScreenView {
  readonly header: readonly Line[];
  readonly body: readonly Line[];
  readonly status: Line;
  readonly footer: Line;
}

/** What a state looks like. Pure: the same state is always the same frame. */
export function screenView(state: ViewerState): ScreenView {
  const { columns, rows } = state.size;
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return tooSmall(columns);
  const header = headerLines(state);
  const room = rows - 1 - header.length - 2;
  const body = bodyLines(state, room).slice(0, room);
  const blank = Array.from({ length: room - body.length }, (): Line => []);
  const cut = (line: Line) => fitLine(line, columns);
  return {
    header: header.map(cut),
    body: [...body, ...blank].map(cut),
    status: cut(statusLine(state)),
    footer: cut(footerLine(state)),
  };
}

function tooSmall(columns: number): ScreenView {
  const line = [span(`needs ${SMALLEST.columns}×${SMALLEST.rows}; q leaves`)];
  return { header: [], body: [fitLine(line, Math.max(1, columns))], status: [], footer: [] };
}

function bodyLines(state: ViewerState, room: number): readonly Line[] {
  if (state.modal !== null) return modalBody(state.modal, state, room);
  if (state.reader !== null) return readerLines(state);
  if (state.history !== null) return historyLines(state, room);
  if (state.detail !== null) return detailBody(state);
  const { columns } = state.size;
  // Two titles and a row of each are always there; names of columns and more rows where there is room.
  const names = room < COLUMN_NAMES_FROM ? 0 : 1;
  const forRows = room - 2 - names;
  const proposals = Math.min(
    Math.max(1, state.proposals?.length ?? 0),
    Math.max(Math.min(2, forRows - 1), Math.floor(forRows * 0.4)),
  );
  const agents = agentsPane(state, Math.max(1, forRows - proposals));
  return [
    ...paneLines(proposalsPane(state, proposals), columns),
    ...paneLines(names === 0 ? { ...agents, columns: null } : agents, columns),
  ];
}

/** A long text scrolls over its question; any other is cut. */
function modalBody(modal: Modal, state: ViewerState, room: number): readonly Line[] {
  const lines = modalLines(modal, state);
  if (!('scroll' in modal)) return withLastLine(lines, room);
  if (lines.length <= room) return lines;
  const rows = room - 2;
  const start = Math.min(modal.scroll, lines.length - 1 - rows);
  const part = `lines ${start + 1}–${start + rows} of ${lines.length - 1}; ↑ ↓ PgUp PgDn`;
  return [
    ...lines.slice(0, -1).slice(start, start + rows),
    [span(part, 'attention')],
    ...lines.slice(-1),
  ];
}

/** The question is the last line, so it is never the one that does not fit. */
function withLastLine(lines: readonly Line[], room: number): readonly Line[] {
  if (lines.length <= room) return lines;
  const hidden = lines.length - room + 1;
  return [
    ...lines.slice(0, room - 2),
    [span(`  … ${hidden} more lines; v shows all`, 'attention')],
    ...lines.slice(-1),
  ];
}

function paneLines(pane: PaneView, columns: number): readonly Line[] {
  const title = `${pane.isFocused ? '▶' : ' '} ${pane.title} `;
  const rule = '─'.repeat(Math.max(0, columns - title.length));
  return [
    [span(title, pane.isFocused ? 'strong' : 'plain'), span(rule, 'dim')],
    ...(pane.columns === null ? [] : [[span(pane.columns, 'dim')]]),
    ...pane.rows,
  ];
}

function detailBody(state: ViewerState): readonly Line[] {
  const lines = detailLines(state.detail?.review ?? null, state.size.columns);
  const rows = detailRows(state);
  const start = Math.min(state.detail?.scroll ?? 0, Math.max(0, lines.length - rows));
  return lines.slice(start, start + rows);
}

function statusLine(state: ViewerState): Line {
  if (state.isFiltering) return [span(`/${sanitizeLine(state.filters[state.pane])}▏`)];
  if (state.message !== null) {
    const { tone, text } = state.message;
    return [span(sanitizeLine(text), tone)];
  }
  return state.approving === null ? [] : [span('fetching what it changes…', 'dim')];
}

function footerLine(state: ViewerState): Line {
  const mode = modeOf(state);
  return KEYMAP.filter(
    ({ modes, isPrimary }) => isPrimary === true && modes.includes(mode),
  ).flatMap(({ keys, label }) => [
    span(keyLabel(keys[0] ?? ''), 'strong'),
    span(` ${label}  `, 'dim'),
  ]);
}

function keyLabel(key: string): string {
  if (key === ' ') return 'Space';
  return key.length > 1 ? `${key[0]?.toUpperCase()}${key.slice(1)}` : key;
}
