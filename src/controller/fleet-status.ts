import type { BottlePlan } from '../model/action.ts';
import type { Condition } from '../model/condition.ts';
import type { DesiredBottle } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import type { SidecarStatuses } from '../model/sidecar.ts';
import type { BottleStatus, FleetStatus } from '../model/status.ts';
import type { Refusal } from './api.ts';
import { authorityState } from './authority-state.ts';
import { bottleConditions } from './bottle-conditions.ts';
import { NO_MEMORY } from './fleet-memory.ts';
import { notEnforced } from './not-enforced.ts';
import type { PassResult } from './pass.ts';
import type { BottleMetadata } from './ports/bottle-records.ts';
import type { FleetSnapshot } from './reconciler.ts';

export interface StatusInputs {
  readonly snapshot: FleetSnapshot;
  readonly repository: string;
  readonly branch: string;
  readonly remote: FleetStatus['remote'];
  readonly appliedRevision: FleetStatus['lastAppliedRevision'];
  readonly pendingProposals: ReadonlyMap<BottleName, number>;
  /** What was written down of bottles that left the commit. */
  readonly left: ReadonlyMap<BottleName, BottleMetadata>;
  /** Conditions of the status before: transition times are carried on. */
  readonly before: FleetStatus | null;
  readonly controllerPid: number | null;
  readonly nowMs: number;
  readonly elapsedMs: number;
}

/** Everything that `bb status` shows, derived from what the last pass knew. Pure. */
export function fleetStatus(inputs: StatusInputs): FleetStatus {
  const { snapshot, before } = inputs;
  const { last } = snapshot;
  const known = {
    created: creationTimes(last),
    conditions: new Map(before?.bottles.map(({ name, conditions }) => [name, conditions])),
  };
  return {
    fleet: last?.desired.fleet.name ?? null,
    repository: inputs.repository,
    branch: inputs.branch,
    remote: inputs.remote,
    revision: snapshot.tip,
    lastAttemptedRevision: last?.revision ?? null,
    lastAppliedRevision: inputs.appliedRevision,
    conditions: fleetConditions(inputs),
    diagnostics: snapshot.tipDiagnostics,
    backends: (last?.context.backends ?? []).map(({ name, availability }) => ({
      name,
      available: availability.available,
      detail: availability.available ? availability.detail : availability.reason,
    })),
    notEnforced: notEnforced(
      Object.values(last?.desired.bottles ?? {}).map(({ spec }) => spec),
      last?.context.host,
    ),
    bottles: (last?.plan.bottles ?? []).map((plan) => bottleStatus(plan, inputs, known)),
    controllerPid: inputs.controllerPid,
  };
}

const SOURCE_REASONS: { readonly [kind in Refusal['kind']]?: string } = {
  invalid: 'InvalidDesiredState',
  untrusted: 'SourceUntrusted',
};

function fleetConditions({ snapshot, before, nowMs }: StatusInputs): readonly Condition[] {
  const { refusal, last } = snapshot;
  const stated: Omit<Condition, 'lastTransition'>[] = [
    refusal === null
      ? { type: 'SourceReady', status: 'True', reason: 'Resolved', message: 'the tip is valid' }
      : {
          type: 'SourceReady',
          status: 'False',
          reason: SOURCE_REASONS[refusal.kind] ?? 'SourceUnavailable',
          message: refusal.message,
        },
  ];
  if (last?.desired.fleet.suspend === true) {
    const message = 'the fleet is suspended: plans are shown, nothing is changed';
    stated.push({ type: 'Suspended', status: 'True', reason: 'Suspended', message });
  }
  const refused = last?.plan.refused ?? null;
  if (refused !== null) {
    const message = `${refused.reason}; ${refused.hint}`;
    stated.push({ type: 'Stalled', status: 'True', reason: 'MassDeletion', message });
  }
  return stated.map((condition) => {
    const known = before?.conditions.find(({ type }) => type === condition.type);
    const lastTransition =
      known?.status === condition.status ? known.lastTransition : new Date(nowMs).toISOString();
    return { ...condition, lastTransition };
  });
}

function bottleStatus(
  plan: BottlePlan,
  inputs: StatusInputs,
  known: {
    readonly created: ReadonlyMap<BottleName, string | null>;
    readonly conditions: ReadonlyMap<BottleName, readonly Condition[]>;
  },
): BottleStatus {
  const { snapshot, nowMs, elapsedMs } = inputs;
  const name = plan.bottle;
  const memory = snapshot.memories.get(name) ?? NO_MEMORY;
  const desired = snapshot.last?.desired.bottles[name];
  const pendingProposals = inputs.pendingProposals.get(name) ?? 0;
  const inFlight = snapshot.inFlight.has(name);
  const isolation = snapshot.last?.isolated?.get(name) ?? null;
  const stated = { plan, memory, inFlight, pendingProposals, isolation, nowMs, elapsedMs };
  return {
    name,
    ...described(desired ?? inputs.left.get(name)),
    backend: plan.backend ?? inputs.left.get(name)?.backend ?? null,
    conditions: bottleConditions(known.conditions.get(name) ?? [], stated),
    lastAttemptedRevision: memory.lastAttemptedRevision,
    lastAppliedRevision: memory.applied?.revision ?? null,
    generation: memory.generation,
    observedGeneration: memory.observedGeneration,
    sidecars: sidecarStates(snapshot.last?.observed.sidecars[name], nowMs),
    startedAt: known.created.get(name) ?? null,
    pending:
      plan.verdict === 'withheld' && plan.pending !== null
        ? { impact: plan.impact, waitsFor: plan.pending }
        : null,
    pendingProposals,
  };
}

/** When each bottle's agent container was made. */
function creationTimes(last: PassResult | null): ReadonlyMap<BottleName, string | null> {
  const times = new Map<BottleName, string | null>();
  for (const observation of Object.values(last?.observed.backends ?? {})) {
    for (const { name, containers } of observation.available ? observation.bottles : []) {
      const agent = containers.find(({ component }) => component === 'agent');
      if (agent !== undefined) times.set(name, agent.createdAt);
    }
  }
  return times;
}

function described(
  known: DesiredBottle | BottleMetadata | undefined,
): Pick<BottleStatus, 'agent' | 'label' | 'color'> {
  if (known === undefined) return { agent: null, label: null, color: null };
  const { label, color } = 'spec' in known ? known.spec : known;
  return { agent: known.agent, label, color };
}

function sidecarStates(
  statuses: SidecarStatuses | undefined,
  nowMs: number,
): BottleStatus['sidecars'] {
  if (statuses === undefined) return [];
  const { egress, supervise, bundle } = statuses;
  const dead = (bundle?.programs ?? []).filter(({ state }) => state !== 'running');
  const stateOf = (name: string, reported: string | undefined): string =>
    dead.find((program) => program.name === name)?.state ?? reported ?? 'silent';
  const stated = (egress && authorityState(egress.caPem, nowMs)) ?? egress?.state;
  return [
    { name: 'egress', state: stateOf('egress', stated) },
    { name: 'supervise', state: stateOf('supervise', supervise?.state) },
    ...(bundle?.pipelock === undefined
      ? []
      : [
          {
            name: 'pipelock',
            state: stateOf('pipelock', bundle.pipelock.state),
            detail: `${bundle.pipelock.version ?? '?'}, blocked ${bundle.pipelock.blocked}`,
          },
        ]),
  ];
}
