import { loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { type BottleName, parseBottleName, type Revision } from '../model/names.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import type { Refusal } from './api.ts';
import { desiredHash } from './desired-hash.ts';
import { type Isolation, isolateErrors } from './isolate-errors.ts';
import {
  desiredAt,
  type GoodRevision,
  type LoadedRevision,
  type PassPorts,
  resolveTip,
  sourceRefusal,
} from './pass.ts';

export interface GatePorts extends Pick<PassPorts, 'git' | 'policy' | 'clock'> {
  /** The commit that was last in force, by whichever process: what serves while the tip is invalid. */
  readonly appliedRevision: () => Promise<Revision | null>;
  /** What each bottle was last in force with. */
  readonly applied: () => Promise<{ readonly [bottle: BottleName]: AppliedRecord }>;
  /** `isolate`: an error holds back the bottles that it is about, and no other. */
  readonly onInvalid: 'reject' | 'isolate';
}

export type GateVerdict =
  | {
      readonly kind: 'good';
      readonly good: GoodRevision;
      /** Of the commit that was asked for. */
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What would be in force of files: null where their errors hold back everything. */
export interface Foreseen extends LoadedRevision {
  /** Bottles that would stay as they are, since files that they are made of have errors; absent = none. */
  readonly isolated?: ReadonlyMap<BottleName, Isolation>;
}

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
  /** What serves while the tip cannot: valid as a whole, or but for bottles that stay behind. */
  #lastGood: GoodRevision | null = null;
  #lastWhole: GoodRevision | null = null;

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
        this.#lastWhole = good;
        this.#refusal = null;
      }
      return { kind: 'good', good, diagnostics };
    }
    if (wanted !== undefined || this.#ports.onInvalid === 'reject') {
      return this.#serveLast(invalid(loaded), wanted, diagnostics);
    }
    return this.#isolate(loaded);
  }

  /** What a commit on top of `revision` that gives these files would bring about. */
  async foresee(revision: Revision, files: ReadonlyMap<string, TreeFile>): Promise<Foreseen> {
    const { policy, clock, onInvalid } = this.#ports;
    const { desired, diagnostics } = loadDesiredState(files, policy, { nowMs: clock.nowMs() });
    const loaded = { revision, desired, diagnostics };
    if (desired !== null || onInvalid === 'reject') return loaded;
    this.#lastWhole ??= await this.#lastApplied();
    return { ...loaded, ...(await this.#isolated({ ...loaded, files })) };
  }

  /** Follows the tip for all but the bottles that its errors are about. */
  async #isolate(tip: LoadedRevision): Promise<GateVerdict> {
    const { revision, diagnostics } = tip;
    const applied = await this.#ports.applied();
    this.#lastWhole ??= await this.#lastApplied();
    const whole = this.#lastWhole;
    if (this.#lastGood?.revision !== revision) {
      const files = await this.#ports.git.readTree(revision);
      this.#lastGood = (await this.#isolated({ ...tip, files })) ?? this.#lastGood;
    }
    const good = this.#lastGood;
    if (good?.revision === revision) {
      this.#refusal = isolatedRefusal(tip, good);
      return { kind: 'good', good, diagnostics };
    }
    // A process before this one brought some bottles further, or closed more: the last whole commit would take that back.
    const isMixed = Object.entries(applied).some(([name, record]) => !isAt(whole, name, record));
    if (good === null && isMixed) {
      this.#refusal = invalid(tip);
      return { kind: 'refused', refusal: this.#refusal };
    }
    return this.#serveLast(invalid(tip), undefined, diagnostics);
  }

  async #isolated(tip: Parameters<typeof isolateErrors>[0]): Promise<GoodRevision | null> {
    if (this.#lastWhole === null) return null;
    const applied = await this.#ports.applied();
    const anchors = { whole: this.#lastWhole, served: this.#lastGood, applied };
    return isolateErrors(tip, anchors, this.#ports);
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

/** Whether a bottle was last in force exactly as a commit that is valid as a whole asks. */
function isAt(
  whole: GoodRevision | null,
  name: string,
  { revision, specHash }: AppliedRecord,
): boolean {
  if (revision !== whole?.revision) return false;
  const bottle = parseBottleName(name);
  return bottle !== undefined && specHash === desiredHash(whole.desired, bottle);
}

function isolatedRefusal(tip: LoadedRevision, { isolated }: GoodRevision): Refusal {
  const refusal = invalid(tip);
  const names = [...(isolated?.keys() ?? [])].join(', ');
  const but =
    names === '' ? 'applied without the files that have them' : `applied to all but ${names}`;
  return { ...refusal, message: refusal.message.replace('not applied', but) };
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
