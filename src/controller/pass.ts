import type { Backend } from '../backends/backend.ts';
import { loadDesiredState } from '../desired/load.ts';
import type { Plan } from '../model/action.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { ObservedState } from '../model/observed-state.ts';
import { buildPlan } from '../reconcilers/build-plan.ts';
import { interruptions } from '../reconcilers/interruptions.ts';
import type { AppliedRecord, HostFacts, PlanContext } from '../reconcilers/plan-context.ts';
import type { Refusal } from './api.ts';
import type { AvailabilityMemo } from './availability-memo.ts';
import { askBusy } from './busy.ts';
import type { DiskReadings } from './disk-readings.ts';
import type { Isolation } from './isolate-errors.ts';
import { observe } from './observe.ts';
import type { BottleRecords } from './ports/bottle-records.ts';
import type { Git, SourceProblem } from './ports/git.ts';
import type { Secrets } from './ports/secrets.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';
import { preservedBottles } from './preserved-bottles.ts';
import { secretNames } from './secret-names.ts';

/** What a pass needs of the world. */
export interface PassPorts {
  readonly git: Git;
  readonly backends: readonly Backend[];
  readonly files: SidecarFiles;
  readonly records: BottleRecords;
  readonly secrets: Secrets;
  readonly availabilities: AvailabilityMemo;
  readonly clock: Clock;
  /** Absent: nothing is measured. */
  readonly disk?: DiskReadings;
  readonly policy: HostPolicy;
  /** Facts of the host without the secrets' versions, which are read for each pass. */
  readonly host: Omit<HostFacts, 'secretVersions'>;
}

/** A commit, read and judged. */
export interface LoadedRevision {
  readonly revision: Revision;
  readonly desired: DesiredState | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** A commit that was found valid. */
export interface GoodRevision {
  readonly revision: Revision;
  readonly desired: DesiredState;
  /** Bottles that stay at an earlier commit, since this one has errors in their files; absent = none. */
  readonly isolated?: ReadonlyMap<BottleName, Isolation>;
}

/** All that a pass knew when it planned. */
export interface PassResult extends GoodRevision {
  readonly observed: ObservedState;
  readonly context: PlanContext;
  readonly plan: Plan;
}

/** Reads and validates a commit; what it asks for is null when it has an error. */
export async function desiredAt(
  revision: Revision,
  ports: Pick<PassPorts, 'git' | 'policy' | 'clock'>,
): Promise<LoadedRevision> {
  const files = await ports.git.readTree(revision);
  const { desired, diagnostics } = loadDesiredState(files, ports.policy, {
    nowMs: ports.clock.nowMs(),
  });
  return { revision, desired, diagnostics };
}

/** The tip of the branch, or why there is none. */
export async function resolveTip(
  git: Git,
): Promise<{ readonly revision: Revision } | { readonly refusal: Refusal }> {
  const resolved = await git.resolve();
  if (resolved.kind === 'resolved') return { revision: resolved.revision };
  return { refusal: sourceRefusal(resolved.problem) };
}

/** What cannot be followed, as an answer. */
export function sourceRefusal({ kind, message, hint }: SourceProblem): Refusal {
  const refused = kind === 'untrusted' ? 'untrusted' : 'source';
  return { kind: refused, message, hint, diagnostics: [] };
}

/** observe → plan for a commit that was found valid. Changes nothing. */
export async function planPass(
  loaded: GoodRevision,
  ports: PassPorts,
  memory: {
    readonly inventory: readonly BottleName[];
    readonly applied: { readonly [bottle: BottleName]: AppliedRecord };
  },
  permissions: PlanContext['permissions'],
): Promise<PassResult> {
  const { desired, revision } = loaded;
  const nowMs = ports.clock.nowMs();
  ports.availabilities.ask(ports.backends);
  const [observed, secrets] = await Promise.all([
    observe(desired.fleet.name, { ...ports, inventory: memory.inventory, nowMs }),
    ports.secrets.versions(secretNames(desired)),
  ]);
  const backends = await Promise.all(
    ports.backends.map(async (backend) => ({
      name: backend.name,
      capabilities: backend.capabilities,
      availability: await ports.availabilities.of(backend, observed.backends[backend.name]),
    })),
  );
  const context: PlanContext = {
    nowMs,
    revision,
    host: { ...ports.host, secretVersions: secrets.versions },
    backends,
    applied: memory.applied,
    preserved: await preservedBottles(desired, observed, ports.records),
    permissions,
  };
  const plan = buildPlan(desired, observed, context);
  const interrupted = interruptions(plan, desired, context);
  if (interrupted.length === 0) return { ...loaded, observed, context, plan };
  const place = { fleet: desired.fleet.name, backends: ports.backends };
  const asked = await askBusy(interrupted, observed, place);
  return { ...loaded, observed: asked, context, plan: buildPlan(desired, asked, context) };
}
