import type { DesiredState } from '../model/desired-state.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Revision } from '../model/names.ts';
import type { Refusal } from './api.ts';
import {
  desiredAt,
  type LoadedRevision,
  type PassPorts,
  resolveTip,
  sourceRefusal,
} from './pass.ts';

/** A commit that was found valid. */
export interface GoodRevision {
  readonly revision: Revision;
  readonly desired: DesiredState;
}

export interface GatePorts extends Pick<PassPorts, 'git' | 'policy' | 'clock'> {
  /** The commit that was last in force, by whichever process: what serves while the tip is invalid. */
  readonly appliedRevision: () => Promise<Revision | null>;
}

export type GateVerdict =
  | {
      readonly kind: 'good';
      readonly good: GoodRevision;
      /** Of the commit that was asked for. */
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Decides which commit a pass works on: the branch's tip, or the last good one while the tip is invalid. A commit is
 * read and validated once, however many passes look at it.
 */
export class RevisionGate {
  readonly #ports: GatePorts;
  #tip: Revision | null = null;
  #refusal: Refusal | null = null;
  #diagnostics: readonly Diagnostic[] = [];
  #loaded: LoadedRevision | null = null;
  #lastGood: GoodRevision | null = null;

  constructor(ports: GatePorts) {
    this.#ports = ports;
  }

  get tip(): Revision | null {
    return this.#tip;
  }

  /** Why the tip is not what passes work on; null while it is. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** Of the tip, also while an older commit serves. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  /** `wanted` asks for a commit by name, which is refused when it is bad; without it the last good one serves. */
  async judge(wanted: Revision | undefined): Promise<GateVerdict> {
    const resolved = await resolveTip(this.#ports.git);
    if ('refusal' in resolved) {
      return this.#serveLast(resolved.refusal, wanted);
    }
    const problem = wanted === undefined ? null : await this.#ports.git.distrust(wanted);
    if (problem !== null) return { kind: 'refused', refusal: sourceRefusal(problem) };
    this.#tip = resolved.revision;
    const loaded = await this.#load(wanted ?? resolved.revision);
    const { diagnostics } = loaded;
    if (wanted === undefined) this.#diagnostics = diagnostics;
    if (loaded.desired !== null) {
      const good = { revision: loaded.revision, desired: loaded.desired };
      if (wanted === undefined) {
        this.#lastGood = good;
        this.#refusal = null;
      }
      return { kind: 'good', good, diagnostics };
    }
    return this.#serveLast(invalid(loaded), wanted, diagnostics);
  }

  /** What was good before stays in force, and says why nothing newer is. */
  async #serveLast(
    refusal: Refusal,
    wanted: Revision | undefined,
    diagnostics: readonly Diagnostic[] = [],
  ): Promise<GateVerdict> {
    if (wanted !== undefined) return { kind: 'refused', refusal };
    this.#refusal = refusal;
    this.#lastGood ??= await this.#lastApplied();
    return this.#lastGood === null
      ? { kind: 'refused', refusal }
      : { kind: 'good', good: this.#lastGood, diagnostics };
  }

  /** Null when nothing was in force yet, or the commit is gone or no longer valid on this host. */
  async #lastApplied(): Promise<GoodRevision | null> {
    const applied = await this.#ports.appliedRevision();
    if (applied === null) return null;
    const revision = await this.#ports.git.resolveRevision(applied);
    if (revision === null) return null;
    const { desired } = await desiredAt(revision, this.#ports);
    return desired === null ? null : { revision, desired };
  }

  async #load(revision: Revision): Promise<LoadedRevision> {
    if (this.#loaded?.revision !== revision) {
      this.#loaded = await desiredAt(revision, this.#ports);
    }
    return this.#loaded;
  }
}

function invalid(loaded: LoadedRevision): Refusal {
  const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
  const count = errors.length === 1 ? '1 problem' : `${errors.length} problems`;
  return {
    kind: 'invalid',
    message: `commit ${loaded.revision.slice(0, 12)} has ${count} and is not applied`,
    hint: 'mend the files, commit, and try again; bb validate shows all of them',
    diagnostics: loaded.diagnostics,
  };
}
