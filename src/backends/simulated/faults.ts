import type { ComponentRef } from '../../model/component.ts';

/** Calls that can be made to fail or to be slow. */
export type SimulatedCall =
  | 'observe'
  | 'ensureImage'
  | 'createNetwork'
  | 'createContainer'
  | 'start'
  | 'stop'
  | 'remove'
  | 'exec'
  | 'copyIn'
  | 'copyOut'
  | 'signal'
  | 'isBusy'
  | 'diskUse'
  | 'snapshot';

/**
 * What goes wrong, decided by a test or by a seed. `before` throws a `BackendError` to fail a call that had no effect,
 * `after` one whose effect stays although its caller never hears of it; both may take their time.
 */
export interface Faults {
  before(call: SimulatedCall, ref: ComponentRef | null): Promise<void> | void;
  after(call: SimulatedCall, ref: ComponentRef | null): Promise<void> | void;
  /** True when nobody is told of this change. */
  losesHint(bottle: string): boolean;
}

/** An engine that never fails. */
export const NO_FAULTS: Faults = {
  before: () => undefined,
  after: () => undefined,
  losesHint: () => false,
};
