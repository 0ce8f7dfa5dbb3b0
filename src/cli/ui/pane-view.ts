import type { ProposalView } from '../../controller/api.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { BottleStatus } from '../../model/status.ts';
import { formatAge, shortRevision } from '../age.ts';
import { type BottleState, bottleState } from '../bottle-summary.ts';
import { formatSidecars, waitsFor } from '../format-status.ts';
import { cells, type Line, span, type Tone } from './line.ts';
import { selectedIndex, visibleBottles, visibleProposals, windowAround } from './selection.ts';
import type { PaneName, ViewerState } from './viewer-state.ts';

/** A pane with the rows that fit: only these are ever drawn, however many there are. */
export interface PaneView {
  readonly title: string;
  readonly isFocused: boolean;
  /** Line of column names, or null. */
  readonly columns: string | null;
  readonly rows: readonly Line[];
}

const TONES: { readonly [weight in BottleState['weight']]: Tone } = {
  good: 'good',
  busy: 'busy',
  attention: 'attention',
  bad: 'bad',
  quiet: 'dim',
};

export function proposalsPane(state: ViewerState, room: number): PaneView {
  const proposals = visibleProposals(state);
  const waiting = state.proposals === null ? 'asking…' : 'none pending';
  return pane(state, 'proposals', {
    rows: proposals,
    room,
    columns: null,
    empty: state.filters.proposals === '' ? waiting : 'none match the filter',
    row: (view) => proposalRow(state, view),
    isMarked: ({ proposal }) => state.selected.includes(proposal.id),
  });
}

export function agentsPane(state: ViewerState, room: number): PaneView {
  const bottles = visibleBottles(state);
  const waiting = state.status === null ? 'asking…' : 'no bottles; bb start makes one';
  return pane(state, 'agents', {
    rows: bottles,
    room,
    columns: `  ${cells(agentColumns(state, bottles).map(({ title, width }) => [title, width]))}`,
    empty: state.filters.agents === '' ? waiting : 'none match the filter',
    row: (bottle) => agentRow(state, bottle, bottles),
  });
}

function pane<Row>(
  state: ViewerState,
  name: PaneName,
  options: {
    readonly rows: readonly Row[];
    readonly room: number;
    readonly columns: string | null;
    readonly empty: string;
    readonly row: (row: Row) => readonly [text: string, tone: Tone];
    readonly isMarked?: (row: Row) => boolean;
  },
): PaneView {
  const isFocused = state.pane === name;
  const selected = selectedIndex(state, name);
  const { start, end } = windowAround(options.rows.length, selected, options.room);
  const filter = state.filters[name];
  return {
    title: title(name, options.rows.length, filter, start, end),
    isFocused,
    columns: options.rows.length === 0 ? null : options.columns,
    rows:
      options.rows.length === 0
        ? [[span(`  ${options.empty}`, 'dim')]]
        : options.rows.slice(start, end).map((row, offset) => {
            const isSelected = start + offset === selected;
            const [text, tone] = options.row(row);
            const mark = options.isMarked?.(row) === true ? '*' : ' ';
            if (isSelected && isFocused) return [span(`>${mark}${text}`, 'selected')];
            return [span(`${isSelected ? '·' : ' '}${mark}${text}`, tone)];
          }),
  };
}

function title(name: PaneName, count: number, filter: string, start: number, end: number): string {
  const part = end - start < count ? `, ${start + 1}–${end} shown` : '';
  const filtered = filter === '' ? '' : ` matching "${sanitizeLine(filter, 30)}"`;
  return `${name === 'proposals' ? 'Proposals' : 'Agents'} (${count}${part})${filtered}`;
}

function proposalRow(
  state: ViewerState,
  { proposal, summary, waits }: ProposalView,
): readonly [string, Tone] {
  const isFresh = state.fresh.includes(proposal.id);
  const text = cells([
    [isFresh ? 'new' : formatAge(proposal.createdAt, state.nowMs), 4],
    [proposal.bottle, 20],
    [
      sanitizeLine(waits === undefined ? summary : `(${waits}) ${summary}`),
      Math.max(20, state.size.columns - 32),
    ],
  ]);
  return [text, isFresh ? 'fresh' : 'plain'];
}

function agentRow(
  state: ViewerState,
  bottle: BottleStatus,
  all: readonly BottleStatus[],
): readonly [string, Tone] {
  const summary = bottleState(bottle);
  const texts = agentColumns(state, all).map(
    ({ text, width }) => [sanitizeLine(text(bottle, summary, state.nowMs)), width] as const,
  );
  return [cells(texts), TONES[summary.weight]];
}

interface AgentColumn {
  readonly title: string;
  readonly width: number;
  /** Columns that the terminal must have for it. */
  readonly from?: number;
  readonly text: (bottle: BottleStatus, state: BottleState, nowMs: number) => string;
}

const STATE = 'STATE';

const AGENT_COLUMNS: readonly AgentColumn[] = [
  { title: 'SLUG', width: 18, text: ({ name }) => name },
  { title: 'AGENT', width: 10, text: ({ label, agent }) => label ?? agent ?? '?' },
  { title: STATE, width: 11, text: (_bottle, { word }) => word },
  { title: 'BACKEND', width: 8, text: ({ backend }) => backend ?? '?' },
  {
    title: 'REVISION',
    width: 8,
    from: 100,
    text: ({ lastAppliedRevision }) => shortRevision(lastAppliedRevision),
  },
  { title: 'AGE', width: 4, text: ({ startedAt }, _state, nowMs) => formatAge(startedAt, nowMs) },
  {
    title: 'SIDECARS',
    width: 120,
    text: (bottle, state) => waitsFor(bottle, state) || formatSidecars(bottle),
  },
];

/** The state is the one word that must not be cut: its column is as wide as the longest, at the cost of the last one. */
function agentColumns(
  { size: { columns } }: ViewerState,
  bottles: readonly BottleStatus[],
): readonly AgentColumn[] {
  const words = bottles.map((bottle) => bottleState(bottle).word.length);
  return AGENT_COLUMNS.filter(({ from = 0 }) => columns >= from).map((column) =>
    column.title === STATE ? { ...column, width: Math.max(column.width, ...words) } : column,
  );
}
