import type { Operation } from 'fast-json-patch';
import type { Component, ContainerComponent, ContainerSpec, NetworkSpec } from './component.ts';
import type { BottleName, Fingerprint } from './names.ts';

/** How hard a change is on a running bottle, in this order. */
export const IMPACTS = [
  'none',
  'reload',
  'restart-sidecar',
  'replace-agent',
  'replace-bottle',
] as const;
export type Impact = (typeof IMPACTS)[number];

/** One step that a backend or the sidecar files take. The executor maps each kind to one call and decides nothing. */
export type Action =
  | { readonly kind: 'ensure-image'; readonly image: string }
  /** Writes the input files of the sidecars (`egress`, `supervise`) for this table hash, without waiting. */
  | {
      readonly kind: 'render-sidecars';
      readonly tableHash: Fingerprint;
      readonly settingsHash: Fingerprint;
    }
  | { readonly kind: 'create-network'; readonly network: NetworkSpec }
  | { readonly kind: 'create-container'; readonly container: ContainerSpec }
  /** Puts prompt, skills, workspace and git identity into the created agent: all of it or the bottle does not start. */
  | { readonly kind: 'provision' }
  | { readonly kind: 'start'; readonly component: ContainerComponent }
  /** Waits, bounded, until the sidecars' own status reports what was rendered. */
  | {
      readonly kind: 'await-sidecars';
      readonly tableHash: Fingerprint;
      readonly settingsHash: Fingerprint;
    }
  /** Installs the bottle's certificate and proves from inside that nothing but the sidecars is reachable. */
  | { readonly kind: 'prove-isolation' }
  /** Has the agent's program take up the supervise tools, by its own command; a program that does not is only told of. */
  | { readonly kind: 'register-tools' }
  /** Renders and waits: the new table is in force when it ends. */
  | {
      readonly kind: 'reload-sidecar';
      readonly sidecar: 'egress' | 'supervise';
      readonly tableHash: Fingerprint;
      readonly settingsHash: Fingerprint;
    }
  /** Saves the transcripts of the agent's sessions on the host: its successor is provisioned with them. */
  | { readonly kind: 'keep-sessions' }
  | { readonly kind: 'stop'; readonly component: ContainerComponent }
  /** Saves the agent's file system as an image of this reference: what it was taken from goes only when it is there. */
  | { readonly kind: 'snapshot'; readonly component: 'agent'; readonly reference: string }
  | { readonly kind: 'remove'; readonly component: Component }
  /** Moves the bottle's state to where it is kept, instead of removing it. */
  | { readonly kind: 'keep-state' }
  | { readonly kind: 'remove-state' };

/** An action in its plan. */
export interface PlannedAction {
  /** 1-based, unique in the plan; dependencies come before their dependents. */
  readonly id: number;
  readonly bottle: BottleName;
  readonly backend: string;
  readonly action: Action;
  /** Words a person would use: `route api.example.test was added (routes/dev.yaml:3)`. */
  readonly reason: string;
  readonly dependsOn: readonly number[];
}

/** One difference of a bottle, with what it means. */
export interface Change {
  readonly operation: Operation;
  readonly impact: Impact;
}

export type BottleVerdict =
  | 'unchanged'
  | 'create'
  | 'update'
  | 'repair'
  | 'remove'
  /** Differs, but waits: see `pending`. */
  | 'withheld'
  | 'suspended'
  /** Nothing can be done about it now: see `pending`. */
  | 'blocked'
  | 'unknown';

/** What a pass means for one bottle. */
export interface BottlePlan {
  readonly bottle: BottleName;
  /** Backend that the bottle is on or will be on; null when none could be chosen. */
  readonly backend: string | null;
  readonly verdict: BottleVerdict;
  /** Highest impact over `changes`. */
  readonly impact: Impact;
  readonly changes: readonly Change[];
  /** What a withheld or blocked bottle waits for, in words, with what to do. */
  readonly pending: string | null;
  /** True when observed differs from what was last applied without a change of desired. */
  readonly drifted: boolean;
}

/** A whole pass before it happens. Deterministic: equal inputs give equal plans. */
export interface Plan {
  readonly bottles: readonly BottlePlan[];
  readonly actions: readonly PlannedAction[];
  /** Set when the plan must not run as it is, e.g. a mass deletion without its permission. */
  readonly refused: { readonly reason: string; readonly hint: string } | null;
}
