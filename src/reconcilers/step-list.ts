import type { Action, PlannedAction } from '../model/action.ts';
import type { BottleName } from '../model/names.ts';

/** An action before it has its number. */
export interface Step {
  readonly action: Action;
  readonly backend: string;
  readonly reason: string;
  readonly after: readonly Step[];
}

/** Steps of one bottle. They never wait for those of another one, so that a bottle may be left out of an execution. */
export class StepList {
  readonly #steps: Step[] = [];

  /** Adds a step that waits for `after`; what was not needed (null) is not waited for. */
  add(backend: string, action: Action, reason: string, after: readonly (Step | null)[] = []): Step {
    const step = { action, backend, reason, after: after.filter((other) => other !== null) };
    this.#steps.push(step);
    return step;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }
}

/** Numbers the steps of a bottle from `firstId` on. */
export function numberSteps(
  bottle: BottleName,
  steps: readonly Step[],
  firstId: number,
): readonly PlannedAction[] {
  const ids = new Map(steps.map((step, index) => [step, firstId + index]));
  return steps.map((step) => ({
    id: ids.get(step) ?? 0,
    bottle,
    backend: step.backend,
    action: step.action,
    reason: step.reason,
    dependsOn: [...new Set(step.after.map((other) => ids.get(other) ?? 0))].sort((a, b) => a - b),
  }));
}
