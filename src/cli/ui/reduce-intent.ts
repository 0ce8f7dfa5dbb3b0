import { assertNever } from '../../model/assert-never.ts';
import { maxScroll } from './detail-lines.ts';
import type { Intent } from './keymap.ts';
import { rowIds, selectedId, selectedIndex } from './selection.ts';
import type { Reduced, ViewerEffect } from './viewer-event.ts';
import type { ViewerState } from './viewer-state.ts';

/** What a key does. */
export function reduceIntent(state: ViewerState, intent: Intent): Reduced<ViewerState> {
  switch (intent) {
    case 'next':
      return moved(state, 1);
    case 'previous':
      return moved(state, -1);
    case 'page-down':
      return moved(state, pageOf(state));
    case 'page-up':
      return moved(state, -pageOf(state));
    case 'first':
      return moved(state, Number.NEGATIVE_INFINITY);
    case 'last':
      return moved(state, Number.POSITIVE_INFINITY);
    case 'switch-pane':
      return just({ ...state, pane: state.pane === 'agents' ? 'proposals' : 'agents' });
    case 'filter':
      return just({ ...state, isFiltering: true });
    case 'help':
      return just({ ...state, modal: { kind: 'help' } });
    case 'open':
      return onProposal(state, (id) => ({
        state: { ...state, detail: { id, review: null, scroll: 0 } },
        effects: [{ kind: 'review', id }],
      }));
    case 'approve':
      return askApproval(state);
    case 'reject':
      return onProposal(state, (id) => {
        const summary = state.proposals?.find(({ proposal }) => proposal.id === id)?.summary ?? id;
        return just({ ...state, modal: { kind: 'reject', id, summary, reason: '' } });
      });
    case 'stop':
      return onBottle(state, (bottle) => just({ ...state, modal: { kind: 'stop', bottle } }));
    case 'attach':
      return onBottle(state, (bottle) => ({ state, effects: [{ kind: 'attach', bottle }] }));
    case 'confirm':
      return confirmed(state);
    case 'submit':
      return submitted(state);
    case 'cancel':
      return just(cancelled(state));
    case 'leave':
      return { state, effects: [{ kind: 'leave' }] };
    default:
      return assertNever(intent);
  }
}

function moved(state: ViewerState, by: number): Reduced<ViewerState> {
  if (state.detail !== null) {
    const scroll = Math.max(0, Math.min(state.detail.scroll + by, maxScroll(state)));
    return just({ ...state, detail: { ...state.detail, scroll } });
  }
  const { pane } = state;
  const ids = rowIds(state, pane);
  const index = Math.max(0, Math.min(ids.length - 1, selectedIndex(state, pane) + by));
  const cursor = { id: ids[index] ?? null, index };
  return just({ ...state, cursors: { ...state.cursors, [pane]: cursor } });
}

function pageOf(state: ViewerState): number {
  return Math.max(1, Math.floor(state.size.rows / 2) - 2);
}

/** The question shows what the approval would add in sum, so it waits for the review. */
function askApproval(state: ViewerState): Reduced<ViewerState> {
  const review = state.detail?.review ?? null;
  if (review !== null) return just({ ...state, modal: { kind: 'approve', review } });
  return onProposal(state, (id) => ({
    state: { ...state, approving: id },
    effects: [{ kind: 'review', id }],
  }));
}

/** The question is gone before anything is done (R6). */
function confirmed(state: ViewerState): Reduced<ViewerState> {
  const { modal } = state;
  const closed = { ...state, modal: null, detail: null };
  if (modal?.kind === 'approve') {
    return { state: closed, effects: [{ kind: 'approve', review: modal.review }] };
  }
  if (modal?.kind === 'stop') {
    return { state: closed, effects: [{ kind: 'stop', bottle: modal.bottle }] };
  }
  return just(state);
}

function submitted(state: ViewerState): Reduced<ViewerState> {
  const { modal } = state;
  if (modal?.kind !== 'reject') return just({ ...state, isFiltering: false });
  const reason = modal.reason.trim();
  if (reason === '') {
    return just({ ...state, message: { tone: 'bad', text: 'a rejection needs a reason' } });
  }
  const effects: readonly ViewerEffect[] = [{ kind: 'reject', id: modal.id, reason }];
  return { state: { ...state, modal: null, detail: null }, effects };
}

function cancelled(state: ViewerState): ViewerState {
  if (state.modal !== null) return { ...state, modal: null };
  if (state.isFiltering) {
    return { ...state, isFiltering: false, filters: { ...state.filters, [state.pane]: '' } };
  }
  return { ...state, detail: null };
}

function onProposal(
  state: ViewerState,
  use: (id: string) => Reduced<ViewerState>,
): Reduced<ViewerState> {
  const id = state.detail?.id ?? selectedId(state, 'proposals');
  return id === null ? just(state) : use(id);
}

function onBottle(
  state: ViewerState,
  use: (bottle: string) => Reduced<ViewerState>,
): Reduced<ViewerState> {
  const bottle = selectedId(state, 'agents');
  return bottle === null ? just(state) : use(bottle);
}

function just(state: ViewerState): Reduced<ViewerState> {
  return { state, effects: [] };
}
