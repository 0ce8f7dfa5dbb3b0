import type { ProposalReview, ProposalView } from '../../controller/api.ts';
import { assertNever } from '../../model/assert-never.ts';
import type { FleetStatus } from '../../model/status.ts';
import { withHistory } from './history.ts';
import { withLines } from './reader.ts';
import { reduceIntent } from './reduce-intent.ts';
import { selectedId, selectedIndex } from './selection.ts';
import type { Reduced, ViewerEffect, ViewerEvent } from './viewer-event.ts';
import type { Cursor, PaneName, ViewerState } from './viewer-state.ts';

/** The whole behaviour of the viewer: a state and an event give the next state and what is to be done. Pure. */
export function reduce(state: ViewerState, event: ViewerEvent): Reduced<ViewerState> {
  switch (event.kind) {
    case 'resized':
      return just({ ...state, size: event.size });
    case 'ticked':
      return just({ ...state, nowMs: event.nowMs });
    case 'status':
      return statusCame(state, event);
    case 'proposals':
      return proposalsCame(state, event.proposals);
    case 'connection-lost':
      return just({ ...state, connectionProblem: event.problem });
    case 'intent':
      return reduceIntent(event.intent === 'leave' ? state : withoutMessage(state), event.intent);
    case 'typed':
      return just(withText(state, (text) => text + event.text));
    case 'erased':
      return just(withText(state, (text) => Array.from(text).slice(0, -1).join('')));
    case 'reviewed':
      return just(reviewCame(state, event));
    case 'modified': {
      const { review, text } = event;
      return just({ ...state, modal: { kind: 'approve', review, instead: text } });
    }
    case 'review-failed':
      return just({
        ...state,
        approving: null,
        detail: state.detail?.id === event.id && state.detail.review === null ? null : state.detail,
        message: { tone: 'bad', text: event.problem },
      });
    case 'all-reviewed':
      return just({ ...state, modal: askAll(state, event.reviews) });
    case 'agents':
      return just(
        state.modal?.kind === 'pick-agent'
          ? { ...state, modal: { ...state.modal, agents: event.agents } }
          : state,
      );
    case 'previewed':
      return just(
        state.modal?.kind === 'start' && state.modal.agent === event.agent
          ? { ...state, modal: { ...state.modal, preview: event.preview } }
          : state,
      );
    case 'question-failed':
      return just({ ...state, modal: null, message: { tone: 'bad', text: event.problem } });
    case 'started':
      return just({
        ...state,
        pane: 'agents',
        cursors: { ...state.cursors, agents: { id: event.bottle, index: 0 } },
      });
    case 'read':
      return just(withLines(state, event));
    case 'history':
      return just(withHistory(state, event.entries));
    case 'told':
      return just({ ...state, message: event.message });
    case 'highlight-ended':
      return just({ ...state, fresh: state.fresh.filter((id) => !event.ids.includes(id)) });
    default:
      return assertNever(event);
  }
}

/** A new tip may give the open proposal another diff, so it is fetched again. */
function statusCame(
  state: ViewerState,
  { status, nowMs }: Extract<ViewerEvent, { kind: 'status' }>,
): Reduced<ViewerState> {
  const cursors = { ...state.cursors, agents: keptCursor(state, 'agents') };
  const next = { ...state, status, nowMs, cursors, connectionProblem: null };
  const hasMoved = state.status !== null && state.status.revision !== status.revision;
  const effects: readonly ViewerEffect[] = [
    ...(hasMoved && state.detail !== null
      ? [{ kind: 'review', id: state.detail.id } as const]
      : []),
    ...outdatedHistory(state, status),
    ...outdatedReading(state, status),
  ];
  return { state: next, effects };
}

/** Commits are read again when there is another one, and when one has come into force. */
function outdatedHistory(state: ViewerState, status: FleetStatus): readonly ViewerEffect[] {
  const known = state.status;
  const isSame =
    known?.revision === status.revision && known.lastAppliedRevision === status.lastAppliedRevision;
  return state.history === null || isSame ? [] : [{ kind: 'read-history' }];
}

/** Logs follow by themselves; a diff is read again when its bottle changed, events at every change. */
function outdatedReading(state: ViewerState, status: FleetStatus): readonly ViewerEffect[] {
  const topic = state.reader?.topic;
  if (topic === undefined || topic.kind === 'logs' || topic.kind === 'commit') return [];
  if (topic.kind === 'events') return [{ kind: 'read', topic }];
  const rowOf = (fleet: FleetStatus | null) =>
    JSON.stringify(fleet?.bottles.find(({ name }) => name === topic.bottle));
  return rowOf(state.status) === rowOf(status) ? [] : [{ kind: 'read', topic }];
}

/** A question that came up meanwhile is not taken away. */
function askAll(state: ViewerState, reviews: readonly ProposalReview[]): ViewerState['modal'] {
  return state.modal ?? { kind: 'approve-all', reviews, scroll: 0 };
}

/** New ones pull the focus (R3, R5), but not those that were there at the start (R4). */
function proposalsCame(
  state: ViewerState,
  proposals: readonly ProposalView[],
): Reduced<ViewerState> {
  const cursors = { ...state.cursors, proposals: keptCursor(state, 'proposals') };
  const pending = new Set<string>(proposals.map(({ proposal }) => proposal.id));
  const selected = state.selected.filter((id) => pending.has(id));
  const reviewed = withoutReviewed({ ...state, proposals, cursors, selected }, pending);
  const { state: next, effects } = withoutDecided(reviewed);
  if (state.proposals === null) return { state: next, effects };
  const known = new Set(state.proposals.map(({ proposal }) => proposal.id as string));
  const arrived = proposals.map(({ proposal }) => proposal.id).filter((id) => !known.has(id));
  const first = arrived[0];
  if (first === undefined) return { state: next, effects };
  const isTyping =
    state.modal !== null ||
    state.isFiltering ||
    state.detail !== null ||
    state.reader !== null ||
    state.history !== null;
  const focused: ViewerState = isTyping
    ? next
    : {
        ...next,
        pane: 'proposals',
        filters: { ...next.filters, proposals: '' },
        cursors: { ...next.cursors, proposals: { id: first, index: 0 } },
      };
  return {
    state: { ...focused, fresh: [...next.fresh, ...arrived] },
    effects: [...effects, { kind: 'announce', ids: arrived }],
  };
}

/** A detail or question about a proposal that was decided elsewhere closes, and says by whom (D9): a review tells. */
function withoutDecided(state: ViewerState): Reduced<ViewerState> {
  const about = subjectOf(state);
  if (about === null || state.proposals?.some(({ proposal }) => proposal.id === about)) {
    return just(state);
  }
  const isQuestion = state.modal?.kind === 'approve' || state.modal?.kind === 'reject';
  const text = `proposal ${about} is no longer pending`;
  const closed: ViewerState = {
    ...state,
    detail: null,
    approving: null,
    modal: isQuestion ? null : state.modal,
    message: state.message ?? { tone: 'plain', text },
  };
  const asks: readonly ViewerEffect[] = [{ kind: 'review', id: about }];
  return { state: closed, effects: state.message === null ? asks : [] };
}

/** A question about several goes on about those that are left. */
function withoutReviewed(state: ViewerState, pending: ReadonlySet<string>): ViewerState {
  if (state.modal?.kind !== 'approve-all') return state;
  const reviews = state.modal.reviews.filter(({ proposal }) => pending.has(proposal.id));
  return { ...state, modal: reviews.length === 0 ? null : { ...state.modal, reviews } };
}

function subjectOf(state: ViewerState): string | null {
  const { modal, detail, approving } = state;
  if (modal?.kind === 'approve') return modal.review.proposal.id;
  if (modal?.kind === 'reject') return modal.id;
  return detail?.id ?? approving;
}

function reviewCame(
  state: ViewerState,
  { id, review }: Extract<ViewerEvent, { kind: 'reviewed' }>,
): ViewerState {
  const detail = state.detail?.id === id ? { ...state.detail, review } : state.detail;
  return state.approving === id
    ? { ...state, detail, approving: null, modal: { kind: 'approve', review, instead: null } }
    : { ...state, detail };
}

/** The selection by name, so that rows may come and go around it. */
function keptCursor(state: ViewerState, pane: PaneName): Cursor {
  return {
    id: state.cursors[pane].id ?? selectedId(state, pane),
    index: Math.max(0, selectedIndex(state, pane)),
  };
}

function withText(state: ViewerState, change: (text: string) => string): ViewerState {
  if (state.modal?.kind === 'reject') {
    return { ...state, modal: { ...state.modal, reason: change(state.modal.reason) } };
  }
  if (state.modal?.kind === 'pick-agent') {
    return { ...state, modal: { ...state.modal, filter: change(state.modal.filter), index: 0 } };
  }
  if (!state.isFiltering) return state;
  return {
    ...state,
    filters: { ...state.filters, [state.pane]: change(state.filters[state.pane]) },
    cursors: { ...state.cursors, [state.pane]: { id: null, index: 0 } },
  };
}

function withoutMessage(state: ViewerState): ViewerState {
  return { ...state, message: null };
}

function just(state: ViewerState): Reduced<ViewerState> {
  return { state, effects: [] };
}
