import type { PlannedAction } from '../model/action.ts';
import type { BottleName } from '../model/names.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { describeAction } from '../reconcilers/format-plan.ts';
import type { Progress } from './api.ts';
import { EarlyProbe } from './early-probe.ts';
import { executeActions, worstFailure } from './executor.ts';
import type { Failure } from './failure.ts';
import { type ActionContext, performAction } from './perform-action.ts';

/** How one bottle's turn ended: all its actions done, or the worst failure among them. */
export type TurnOutcome =
  | { readonly kind: 'done'; readonly actions: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What a bottle is to do; `of` counts the actions of the whole plan, as the ids of these do. */
export interface Turn {
  readonly bottle: BottleName;
  readonly actions: readonly PlannedAction[];
  readonly of: number;
}

/** Performs a bottle's planned actions and tells each start and end. Never rejects. */
export async function takeTurn(
  { bottle, actions, of }: Turn,
  context: Omit<ActionContext, 'onLog' | 'early'>,
  onProgress: (progress: Progress) => void,
): Promise<TurnOutcome> {
  const tell = (
    action: PlannedAction,
    state: 'started' | 'done' | 'failed' | 'skipped',
    detail: string | null,
  ): void =>
    onProgress({
      kind: 'action',
      id: action.id,
      of,
      bottle,
      text: describeAction(action.action),
      state,
      detail,
    });
  await using early = new EarlyProbe(actions);
  const performed: ActionContext = {
    ...context,
    early,
    onLog: (line) => onProgress({ kind: 'log', text: sanitizeLine(`${bottle}: ${line}`) }),
  };
  const outcomes = await executeActions(actions, (action) => performAction(action, performed), {
    onStart: (action) => tell(action, 'started', null),
    onEnd: (action, outcome) =>
      tell(action, outcome.state, outcome.state === 'failed' ? outcome.failure.message : null),
  });
  const failure = worstFailure(outcomes);
  return failure === null ? { kind: 'done', actions: actions.length } : { kind: 'failed', failure };
}

/** Actions that take milliseconds and must not wait behind a bottle that is being built. */
export function isQuick(actions: readonly PlannedAction[]): boolean {
  return actions.every(
    ({ action }) => action.kind === 'reload-sidecar' || action.kind === 'render-sidecars',
  );
}
