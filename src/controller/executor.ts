import type { PlannedAction } from '../model/action.ts';
import type { Failure } from './failure.ts';
import { classifyFailure } from './failure.ts';

export type ActionOutcome =
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly failure: Failure }
  /** Not tried, because an action it depends on did not succeed. */
  | { readonly state: 'skipped'; readonly because: number };

export interface ExecutionListener {
  readonly onStart: (action: PlannedAction) => void;
  readonly onEnd: (action: PlannedAction, outcome: ActionOutcome) => void;
}

/**
 * Runs the actions of one bottle, each as soon as the ones it depends on are done; a failed action stops its
 * dependents only. Decides nothing: what is done, in which order and why is the plan's.
 *
 * Never rejects: every end is a value. The map has one entry for each action.
 */
export async function executeActions(
  actions: readonly PlannedAction[],
  perform: (action: PlannedAction) => Promise<void>,
  listener: ExecutionListener,
): Promise<ReadonlyMap<number, ActionOutcome>> {
  const running = new Map<number, Promise<ActionOutcome>>();
  for (const action of actions) {
    const dependencies = action.dependsOn.flatMap((id) => {
      const dependency = running.get(id);
      return dependency === undefined ? [] : [dependency.then((outcome) => ({ id, outcome }))];
    });
    running.set(action.id, runAfter(action, dependencies, perform, listener));
  }
  const outcomes = new Map<number, ActionOutcome>();
  for (const [id, outcome] of running) outcomes.set(id, await outcome);
  return outcomes;
}

async function runAfter(
  action: PlannedAction,
  dependencies: readonly Promise<{ readonly id: number; readonly outcome: ActionOutcome }>[],
  perform: (action: PlannedAction) => Promise<void>,
  listener: ExecutionListener,
): Promise<ActionOutcome> {
  const blocker = (await Promise.all(dependencies)).find(({ outcome }) => outcome.state !== 'done');
  if (blocker !== undefined) {
    const skipped: ActionOutcome = { state: 'skipped', because: blocker.id };
    listener.onEnd(action, skipped);
    return skipped;
  }
  listener.onStart(action);
  const outcome = await perform(action).then(
    (): ActionOutcome => ({ state: 'done' }),
    (error: unknown): ActionOutcome => ({ state: 'failed', failure: classifyFailure(error) }),
  );
  listener.onEnd(action, outcome);
  return outcome;
}

/** The worst failure of a bottle's actions, or null when all are done. */
export function worstFailure(outcomes: ReadonlyMap<number, ActionOutcome>): Failure | null {
  const failures = [...outcomes.values()].flatMap((outcome) =>
    outcome.state === 'failed' ? [outcome.failure] : [],
  );
  return (
    failures.find((failure) => failure.kind === 'terminal') ??
    failures.find((failure) => failure.kind === 'transient') ??
    failures[0] ??
    null
  );
}
