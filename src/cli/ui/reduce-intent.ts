import { assertNever } from '../../model/assert-never.ts';
import { cancelledPicker, movedPicker, pickedAgent } from './agent-picker.ts';
import { maxScroll } from './detail-lines.ts';
import { headerLines } from './header-lines.ts';
import { movedHistory, openedCommit, openedHistory } from './history.ts';
import type { Intent } from './keymap.ts';
import { modalLines } from './modal-lines.ts';
import { opened, scrolledBy } from './reader.ts';
import { rowIds, selectedId, selectedIndex } from './selection.ts';
import type { Reduced, ViewerEffect } from './viewer-event.ts';
import type { Modal, ViewerState } from './viewer-state.ts';

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
      return just({ ...state, modal: { kind: 'help', scroll: 0 } });
    case 'history':
      return openedHistory(state);
    case 'open':
      if (state.history !== null) return openedCommit(state, state.history);
      return onProposal(state, (id) => ({
        state: { ...state, detail: { id, review: null, scroll: 0 } },
        effects: [{ kind: 'review', id }],
      }));
    case 'approve':
      return askApproval(state);
    case 'modify':
      return onProposal(state, (id) => ({ state, effects: [{ kind: 'modify', id }] }));
    case 'reject':
      return onProposal(state, (id) => {
        const summary = state.proposals?.find(({ proposal }) => proposal.id === id)?.summary ?? id;
        return just({ ...state, modal: { kind: 'reject', id, summary, reason: '' } });
      });
    case 'stop':
      return onBottle(state, (bottle) => just({ ...state, modal: { kind: 'stop', bottle } }));
    case 'start':
      return {
        state: { ...state, modal: { kind: 'pick-agent', agents: null, filter: '', index: 0 } },
        effects: [{ kind: 'list-agents' }],
      };
    case 'logs':
      return onBottle(state, (bottle) =>
        opened(state, { kind: 'logs', bottle, component: 'agent' }),
      );
    case 'other-log':
      return otherLog(state);
    case 'diff':
      return onBottle(state, (bottle) => opened(state, { kind: 'diff', bottle }));
    case 'events':
      return opened(state, { kind: 'events' });
    case 'apply':
      return onBottle(state, (bottle) => askApply(state, bottle));
    case 'select':
      return onProposal(state, (id) => selected(state, id));
    case 'approve-all':
      return askApproveAll(state);
    case 'attach':
      return onBottle(state, (bottle) => ({ state, effects: [{ kind: 'attach', bottle }] }));
    case 'confirm':
      return confirmed(state);
    case 'submit':
      return submitted(state);
    case 'cancel':
      return cancelled(state);
    case 'leave':
      return { state, effects: [{ kind: 'leave' }] };
    default:
      return assertNever(intent);
  }
}

function moved(state: ViewerState, by: number): Reduced<ViewerState> {
  const { modal } = state;
  if (modal?.kind === 'pick-agent') return just({ ...state, modal: movedPicker(modal, by) });
  if (modal !== null && 'scroll' in modal) {
    const scroll = Math.max(0, Math.min(modal.scroll + by, maxModalScroll(modal, state)));
    return just({ ...state, modal: { ...modal, scroll } });
  }
  if (state.reader !== null) return just(scrolledBy(state, by));
  if (state.history !== null) return just(movedHistory(state, by));
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

/** Generous by the room that the frame takes: the drawing stops at the end. */
function maxModalScroll(modal: Modal, state: ViewerState): number {
  return Math.max(0, modalLines(modal, state).length - 2 - modalRows(state));
}

function modalRows(state: ViewerState): number {
  return Math.max(1, state.size.rows - headerLines(state).length - 5);
}

function pageOf(state: ViewerState): number {
  return Math.max(1, Math.floor(state.size.rows / 2) - 2);
}

/** The question shows what the approval would add in sum, so it waits for the review. */
function askApproval(state: ViewerState): Reduced<ViewerState> {
  const review = state.detail?.review ?? null;
  if (review !== null) return just({ ...state, modal: { kind: 'approve', review, instead: null } });
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
    const { review, instead } = modal;
    return { state: closed, effects: [{ kind: 'approve', review, instead }] };
  }
  if (modal?.kind === 'stop') {
    return { state: closed, effects: [{ kind: 'stop', bottle: modal.bottle }] };
  }
  if (modal?.kind === 'apply') {
    return { state: closed, effects: [{ kind: 'apply', bottle: modal.bottle }] };
  }
  if (modal?.kind === 'approve-all') {
    const effects = [{ kind: 'approve-all', reviews: modal.reviews } as const];
    return { state: { ...closed, selected: [] }, effects };
  }
  if (modal?.kind === 'start' && modal.preview !== null) {
    const { edit, preflight } = modal.preview;
    const bottle = preflight?.bottle ?? modal.agent;
    return { state: closed, effects: [{ kind: 'start', edit, bottle }] };
  }
  return just(state);
}

function submitted(state: ViewerState): Reduced<ViewerState> {
  const { modal } = state;
  if (modal?.kind === 'pick-agent') {
    const agent = pickedAgent(modal);
    if (agent === null) return just(state);
    const question = { kind: 'start', agent, preview: null, scroll: 0 } as const;
    return { state: { ...state, modal: question }, effects: [{ kind: 'preview', agent }] };
  }
  if (modal?.kind !== 'reject') return just({ ...state, isFiltering: false });
  const reason = modal.reason.trim();
  if (reason === '') {
    return just({ ...state, message: { tone: 'bad', text: 'a rejection needs a reason' } });
  }
  const effects: readonly ViewerEffect[] = [{ kind: 'reject', id: modal.id, reason }];
  return { state: { ...state, modal: null, detail: null }, effects };
}

function cancelled(state: ViewerState): Reduced<ViewerState> {
  const { modal } = state;
  if (modal?.kind === 'pick-agent') return just({ ...state, modal: cancelledPicker(modal) });
  if (modal !== null) return just({ ...state, modal: null });
  if (state.isFiltering) {
    const filters = { ...state.filters, [state.pane]: '' };
    return just({ ...state, isFiltering: false, filters });
  }
  if (state.reader !== null) {
    return { state: { ...state, reader: null }, effects: [{ kind: 'stop-reading' }] };
  }
  if (state.history !== null) return just({ ...state, history: null });
  return just({ ...state, detail: null });
}

function otherLog(state: ViewerState): Reduced<ViewerState> {
  const topic = state.reader?.topic;
  if (topic?.kind !== 'logs') return just(state);
  return opened(state, {
    ...topic,
    component: topic.component === 'agent' ? 'sidecars' : 'agent',
  });
}

function askApply(state: ViewerState, bottle: string): Reduced<ViewerState> {
  const pending = state.status?.bottles.find(({ name }) => name === bottle)?.pending ?? null;
  if (pending === null) {
    return just({ ...state, message: { tone: 'plain', text: `${bottle} has no withheld update` } });
  }
  return just({ ...state, modal: { kind: 'apply', bottle, ...pending } });
}

/** Selects the row or lets it go, and goes on to the next. */
function selected(state: ViewerState, id: string): Reduced<ViewerState> {
  const others = state.selected.filter((each) => each !== id);
  const ids = others.length < state.selected.length ? others : [...others, id];
  return moved({ ...state, selected: ids }, 1);
}

/** Like one approval, the question waits until what all of them add is known. */
function askApproveAll(state: ViewerState): Reduced<ViewerState> {
  const ids = rowIds(
    { ...state, filters: { ...state.filters, proposals: '' } },
    'proposals',
  ).filter((id) => state.selected.includes(id));
  if (ids.length === 0) {
    const text = 'select proposals with the space bar first';
    return just({ ...state, message: { tone: 'plain', text } });
  }
  return { state, effects: [{ kind: 'review-all', ids }] };
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
