import type { AuditEntry } from '../../controller/audit.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { formatAge, shortRevision } from '../age.ts';
import { formatInForce, whatWasDecided } from '../format-audit.ts';
import { cells, type Line, span, type Tone } from './line.ts';
import { opened } from './reader.ts';
import { windowAround } from './selection.ts';
import type { Reduced } from './viewer-event.ts';
import type { History, ViewerState } from './viewer-state.ts';

/** Opens the recent commits, the newest selected. */
export function openedHistory(state: ViewerState): Reduced<ViewerState> {
  const history = { entries: null, cursor: { id: null, index: 0 } };
  return { state: { ...state, history }, effects: [{ kind: 'read-history' }] };
}

/** What came; the selection stays at its commit. Where nothing could be read there is nothing to show. */
export function withHistory(state: ViewerState, entries: History['entries']): ViewerState {
  const { history } = state;
  if (history === null) return state;
  if (entries === null) return history.entries === null ? { ...state, history: null } : state;
  const id = history.entries?.[indexIn(history)]?.revision ?? null;
  return { ...state, history: { entries, cursor: { id, index: history.cursor.index } } };
}

/** Selects another commit. */
export function movedHistory(state: ViewerState, by: number): ViewerState {
  const { history } = state;
  if (history === null) return state;
  const last = Math.max(0, (history.entries?.length ?? 0) - 1);
  const index = Math.max(0, Math.min(last, indexIn(history) + by));
  const cursor = { id: history.entries?.[index]?.revision ?? null, index };
  return { ...state, history: { ...history, cursor } };
}

/** Opens all about the selected commit. */
export function openedCommit(state: ViewerState, history: History): Reduced<ViewerState> {
  const entry = history.entries?.[indexIn(history)];
  if (entry === undefined) return { state, effects: [] };
  return opened(state, { kind: 'commit', revision: entry.revision });
}

/** The commits as lines of the screen, under a title, with the selected one among them. */
export function historyLines(state: ViewerState, room: number): readonly Line[] {
  const { history, size } = state;
  if (history === null) return [];
  const entries = history.entries ?? [];
  const selected = indexIn(history);
  const { start, end } = windowAround(entries.length, selected, Math.max(1, room - 2));
  const part = end - start < entries.length ? `  ${start + 1}–${end} of ${entries.length}` : '';
  const title: Line = [span('Commits', 'strong'), span(part, 'dim')];
  if (history.entries === null) return [title, [span('fetching…', 'dim')]];
  if (entries.length === 0) return [title, [span('  nothing yet', 'dim')]];
  const columns = cells([
    ['AGE', 4],
    ['COMMIT', 8],
    ['OPERATOR', 16],
    ['IN FORCE', 8],
    ['WHAT', 10],
  ]);
  return [
    title,
    [span(`  ${columns}`, 'dim')],
    ...entries.slice(start, end).map((entry, offset): Line => {
      const text = rowOf(entry, state.nowMs, size.columns);
      const isSelected = start + offset === selected;
      return isSelected ? [span(`> ${text}`, 'selected')] : [span(`  ${text}`, toneOf(entry))];
    }),
  ];
}

function rowOf(entry: AuditEntry, nowMs: number, columns: number): string {
  return cells([
    [formatAge(entry.at, nowMs), 4],
    [shortRevision(entry.revision), 8],
    [sanitizeLine(entry.operator), 16],
    [formatInForce(entry), 8],
    [whatWasDecided(entry), Math.max(20, columns - 44)],
  ]);
}

function toneOf({ action, undoneBy }: AuditEntry): Tone {
  if (undoneBy !== null) return 'dim';
  return action === 'reject' || action === 'revert' ? 'bad' : 'plain';
}

function indexIn({ entries, cursor }: History): number {
  const found = cursor.id === null ? -1 : (entries ?? []).findIndex(isAt(cursor.id));
  return found === -1 ? Math.max(0, Math.min(cursor.index, (entries?.length ?? 1) - 1)) : found;
}

function isAt(revision: string): (entry: AuditEntry) => boolean {
  return (entry) => entry.revision === revision;
}
