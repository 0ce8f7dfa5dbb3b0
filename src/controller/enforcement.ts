import type { Clock } from '../model/clock.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { renderEgressTable } from '../reconcilers/egress/render-table.ts';
import { renderSuperviseSettings } from '../reconcilers/supervise/render-settings.ts';
import { judgeSidecars } from './await-sidecars.ts';
import { desiredHash } from './desired-hash.ts';
import type { Failure } from './failure.ts';
import { NO_MEMORY } from './fleet-memory.ts';
import { goneSince } from './gone-since.ts';
import type { PassPorts, PassResult } from './pass.ts';
import type { Git } from './ports/git.ts';
import { type FleetSnapshot, NO_PERMISSIONS, type Reconciler } from './reconciler.ts';

export type Enforcement =
  | { readonly kind: 'in-force' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The bottle left the fleet, or what was approved was taken out again: there is nothing to put in force. */
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly reason: string };

/** `left`: this process ends before it is known; history has the commit, and the next one finishes it. */
type EnforcementOutcome = Enforcement | { readonly kind: 'left' };

/** What has to be in force of a commit, and how long that may take; past it the approval is reverted. */
export type Demand =
  /** The tables that the sidecars report, with the host that was approved; null where that is no host. */
  | {
      readonly of: 'tables';
      readonly bottle: BottleName;
      readonly revision: Revision;
      readonly host: string | null;
    }
  /** All of the bottle, its image too: built, replaced, running. Withheld updates of it may run. */
  | { readonly of: 'image'; readonly bottle: BottleName; readonly revision: Revision };

const LIMIT_MS: { readonly [of in Demand['of']]: number } = { tables: 15_000, image: 30 * 60_000 };
/** Between two looks at a bottle that nobody is working on. */
const RECHECK_MS = 100;

/** What became of it, and the pass that may still be under way: it takes notes that nobody has to wait for. */
export interface Enforced {
  readonly outcome: EnforcementOutcome;
  readonly passed: Promise<unknown>;
}

/** What passes are had from, and heard of. */
type Passing = Pick<Reconciler, 'pass' | 'snapshot' | 'onTurnEnd'>;

/** How long and from where `enforce` looks. */
interface Patience {
  /** Others had a pass since the commit was made: it may be in force without one of its own. */
  readonly mayBeInForce: boolean;
  /** Ends the wait, and leaves what is under way as it is. */
  readonly ended: AbortSignal;
}

/**
 * Passes until what is demanded of this commit (or of a later one) is in force, as the bottle's own sidecars report it.
 * A turn that another look started counts as soon as it ends, whatever the pass of this one is at.
 * `waiting` means that time was up.
 */
export async function enforce(
  demand: Demand,
  ports: JudgePorts & { readonly reconciler: Passing },
  { mayBeInForce, ended }: Patience,
): Promise<Enforced> {
  const { reconciler, clock } = ports;
  const { bottle } = demand;
  const deadlineMs = clock.elapsedMs() + LIMIT_MS[demand.of];
  const judge = () => judgeEnforcement(demand, reconciler.snapshot(), ports);
  let outcome: Enforcement = { kind: 'waiting', reason: 'no pass has looked at it yet' };
  let passed: Promise<unknown> = Promise.resolve();
  if (mayBeInForce) outcome = await judge();
  if (outcome.kind === 'in-force') return { outcome, passed };
  while (clock.elapsedMs() < deadlineMs) {
    if (ended.aborted) return { outcome: { kind: 'left' }, passed };
    using turnEnd = nextTurnEnd(reconciler, bottle);
    const pass = reconciler.pass({ permissions: permissionsFor(demand) });
    passed = pass;
    const early = async () => {
      await turnEnd.ended;
      const stated = await judge();
      return stated.kind === 'in-force' ? stated : pass;
    };
    const first = await Promise.race([pass, early()]);
    if (first.kind === 'in-force') return { outcome: first, passed };
    if (first.kind === 'refused') {
      const { message, hint } = first.refusal;
      return { outcome: { kind: 'failed', failure: { kind: 'terminal', message, hint } }, passed };
    }
    outcome = await judge();
    if (isOpen(outcome)) {
      const working = reconciler.snapshot().inFlight.has(bottle);
      const leftMs = Math.max(0, deadlineMs - clock.elapsedMs());
      await turnEnd.within(clock, working ? leftMs : Math.min(leftMs, RECHECK_MS), ended);
      outcome = await judge();
    }
    if (!isOpen(outcome)) break;
  }
  return { outcome, passed };
}

/** What an approval of this proposal demands of its commit. */
export function demandOf({ bottle, request }: Proposal, revision: Revision): Demand {
  if (request.tool === 'capability-block') return { of: 'image', bottle, revision };
  const host = request.tool === 'egress-token-allow' ? null : request.host;
  return { of: 'tables', bottle, revision, host };
}

/** An operator who approves an image wants the agent replaced, whatever it is doing. */
export function permissionsFor({ of, bottle }: Demand) {
  return of === 'image' ? { ...NO_PERMISSIONS, applyNow: [bottle] } : NO_PERMISSIONS;
}

/** True while another pass may still bring it about: a transient failure is tried again until time is up. */
function isOpen(stated: Enforcement): boolean {
  return (
    stated.kind === 'waiting' || (stated.kind === 'failed' && stated.failure.kind !== 'terminal')
  );
}

/** What commits are read by. */
type JudgePorts = Pick<PassPorts, 'git' | 'policy' | 'clock'>;

/** Judges from the newest pass alone, without making one. */
export async function judgeEnforcement(
  demand: Demand,
  snapshot: FleetSnapshot,
  ports: JudgePorts,
): Promise<Enforcement> {
  const { git } = ports;
  const { bottle, revision } = demand;
  const { last } = snapshot;
  if (last === null || !(await git.isAncestor(revision, last.revision))) {
    return { kind: 'waiting', reason: 'the commit has not been reconciled yet' };
  }
  if (demand.of === 'image') return reportedImage(bottle, revision, snapshot, git);
  const { host } = demand;
  const gone = host === null ? null : await goneSince({ bottle, revision, host }, last, ports);
  if (gone !== null) return { kind: 'gone', reason: gone };
  const reported = reportedTables(bottle, last);
  if (reported.kind !== 'waiting' || snapshot.inFlight.has(bottle)) return reported;
  const memory = snapshot.memories.get(bottle) ?? NO_MEMORY;
  // A turn that ended well waited for the sidecars' own report of exactly these tables.
  if (memory.enforcedRevision === last.revision) return { kind: 'in-force' };
  return memory.setback === null ? reported : { kind: 'failed', failure: memory.setback.failure };
}

async function reportedImage(
  bottle: BottleName,
  revision: Revision,
  { last, memories, inFlight }: FleetSnapshot,
  git: Git,
): Promise<Enforcement> {
  if (last?.desired.bottles[bottle] === undefined) {
    return { kind: 'gone', reason: `bottle ${bottle} is not in the fleet any more` };
  }
  const { applied, setback } = memories.get(bottle) ?? NO_MEMORY;
  const isWhole = applied?.specHash === desiredHash(last.desired, bottle);
  if (isWhole && (await git.isAncestor(revision, applied.revision))) return { kind: 'in-force' };
  return setback === null || inFlight.has(bottle)
    ? { kind: 'waiting', reason: 'its agent has not been replaced yet' }
    : { kind: 'failed', failure: setback.failure };
}

function reportedTables(bottle: BottleName, last: PassResult): Enforcement {
  const desired = last.desired.bottles[bottle];
  if (desired === undefined) {
    return { kind: 'gone', reason: `bottle ${bottle} is not in ${last.revision.slice(0, 12)}` };
  }
  const statuses = last.observed.sidecars[bottle];
  if (statuses === undefined) return { kind: 'waiting', reason: 'its sidecars are not running' };
  const { host, nowMs } = last.context;
  const verdict = judgeSidecars(statuses, {
    tableHash: renderEgressTable(desired, host, nowMs).hash,
    settingsHash: renderSuperviseSettings(desired).hash,
    former: [],
  });
  return verdict.kind === 'in-force' ? verdict : { kind: 'waiting', reason: verdict.reason };
}

function nextTurnEnd(reconciler: Passing, bottle: BottleName) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = reconciler.onTurnEnd((ended) => {
    if (ended === bottle) resolve();
  });
  return {
    ended: promise,
    [Symbol.dispose]: cancel,
    async within(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
      const patience = new AbortController();
      const either = AbortSignal.any([patience.signal, signal]);
      await Promise.race([promise, clock.sleep(ms, either).catch(() => undefined)]);
      patience.abort();
    },
  };
}
