import type { ProposalView } from '../../controller/api.ts';
import type { BottleStatus } from '../../model/status.ts';
import type { PaneName, ViewerState } from './viewer-state.ts';

/** Proposals that the filter lets through, oldest first. */
export function visibleProposals(state: ViewerState): readonly ProposalView[] {
  const filter = state.filters.proposals.toLowerCase();
  const proposals = state.proposals ?? [];
  if (filter === '') return proposals;
  return proposals.filter(({ proposal, summary }) =>
    `${proposal.bottle} ${summary}`.toLowerCase().includes(filter),
  );
}

/** Bottles that the filter lets through. One without metadata is a row like any other (R19). */
export function visibleBottles(state: ViewerState): readonly BottleStatus[] {
  const filter = state.filters.agents.toLowerCase();
  const bottles = state.status?.bottles ?? [];
  if (filter === '') return bottles;
  return bottles.filter(({ name, agent, label }) =>
    `${name} ${agent ?? '?'} ${label ?? ''}`.toLowerCase().includes(filter),
  );
}

/** What the rows of a pane are known by. */
export function rowIds(state: ViewerState, pane: PaneName): readonly string[] {
  return pane === 'proposals'
    ? visibleProposals(state).map(({ proposal }) => proposal.id)
    : visibleBottles(state).map(({ name }) => name);
}

/** Index of the selected row, or -1 in an empty pane. A row that went away leaves the selection on the next one. */
export function selectedIndex(state: ViewerState, pane: PaneName): number {
  const ids = rowIds(state, pane);
  const { id, index } = state.cursors[pane];
  const found = id === null ? -1 : ids.indexOf(id);
  return found === -1 ? Math.min(index, ids.length - 1) : found;
}

/** The selected row's id, or null in an empty pane. */
export function selectedId(state: ViewerState, pane: PaneName): string | null {
  return rowIds(state, pane)[selectedIndex(state, pane)] ?? null;
}

/** The part of `count` rows to show so that `index` is among them (D12). */
export function windowAround(
  count: number,
  index: number,
  rows: number,
): { readonly start: number; readonly end: number } {
  const last = Math.max(0, count - rows);
  const start = Math.min(last, Math.max(0, index - Math.floor(rows / 2)));
  return { start, end: Math.min(count, start + rows) };
}
