import type { Action, PlannedAction } from '../model/action.ts';
import type { Component, ComponentRef } from '../model/component.ts';
import type { IsolationVerdict } from './isolation-probe.ts';
import { type ProbingPorts, probeIsolation } from './prove-isolation.ts';

/** The sidecars of a turn may take this long to be in force, and the probe after them. */
const TIMEOUT_MS = 40_000;

/**
 * Looks around in an agent while the turn's sidecars still start: all but the way to them is found by then. It can only
 * say yes; whatever else it comes to is looked at again when it is time.
 */
export class EarlyProbe implements AsyncDisposable {
  /** What has to be started before it makes sense. */
  readonly #missing: Set<Component>;
  readonly #isWanted: boolean;
  readonly #inForce = Promise.withResolvers<void>();
  #verdict: Promise<IsolationVerdict | null> | null = null;

  constructor(actions: readonly PlannedAction[]) {
    this.#missing = new Set(actions.flatMap(({ action }) => startedBy(action)));
    const proves = actions.some(({ action }) => action.kind === 'prove-isolation');
    this.#isWanted = proves && this.#missing.has('sidecars');
  }

  /** Begins when this was the last that was missing. */
  started(component: Component, agent: ComponentRef, ports: ProbingPorts): void {
    this.#missing.delete(component);
    if (!this.#isWanted || this.#missing.size > 0 || this.#verdict !== null) return;
    const inputEnds = this.#inForce.promise;
    const limits = { timeoutMs: TIMEOUT_MS, inputEnds };
    this.#verdict = probeIsolation(agent, ports, limits).catch(() => null);
  }

  /** The sidecars are in force: true when isolation is proven, false when it must be looked at from the beginning. */
  async isProven(): Promise<boolean> {
    this.#inForce.resolve();
    return (await this.#verdict)?.proven === true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.isProven();
  }
}

function startedBy(action: Action): readonly Component[] {
  return action.kind === 'start' ? [action.component] : [];
}
