import { SimulatedBackend } from '../../src/backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import { SimulatedSidecarFiles } from '../../src/controller/adapters/simulated-sidecar-files.ts';
import type { Plan, PlannedAction } from '../../src/model/action.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { Component } from '../../src/model/component.ts';
import type { DesiredState } from '../../src/model/desired-state.ts';
import type { BottleName } from '../../src/model/names.ts';
import type { BackendObservation, ObservedState } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { renderEgressTable } from '../../src/reconcilers/egress/render-table.ts';
import type { AppliedRecord, PlanContext } from '../../src/reconcilers/plan-context.ts';
import { specHash } from '../../src/reconcilers/spec-hash.ts';
import { renderSuperviseSettings } from '../../src/reconcilers/supervise/render-settings.ts';
import { HOME, HOST, planContext } from '../builders/observed.ts';

const STILL: Clock = { nowMs: () => 0, elapsedMs: () => 0, sleep: () => Promise.resolve() };

/** A whole fleet in memory: plans are made from what it observes and applied to it, action by action. */
export class SimulatedFleet {
  readonly engine = new SimulatedEngine();
  readonly files = new SimulatedSidecarFiles({ clock: STILL });
  readonly backends: readonly SimulatedBackend[];
  readonly applied: { [bottle: BottleName]: AppliedRecord } = {};

  constructor(names: readonly string[] = ['simulated']) {
    this.backends = names.map(
      (name) => new SimulatedBackend({ name, engine: this.engine, clock: STILL }),
    );
    for (const name of [HOST.sidecarImage, HOST.agentImage])
      this.engine.put({ kind: 'image', name });
  }

  async observe(): Promise<ObservedState> {
    const inventory = await this.files.list();
    const observations = await Promise.all(this.backends.map((backend) => backend.observe(HOME)));
    const statuses = await Promise.all(
      inventory.map(async (name) => [name, await this.files.read(name)] as const),
    );
    const asked = await Promise.all(
      this.backends.map(async (backend, index) => {
        const seen = must(observations[index]);
        return [backend.name, seen.available ? await withSessions(backend, seen) : seen] as const;
      }),
    );
    return {
      atMs: 0,
      backends: Object.fromEntries(asked),
      sidecars: Object.fromEntries(statuses),
      inventory,
    };
  }

  context(more: Partial<PlanContext> = {}): PlanContext {
    return planContext({ applied: { ...this.applied }, ...more });
  }

  async plan(desired: DesiredState, more: Partial<PlanContext> = {}): Promise<Plan> {
    return buildPlan(desired, await this.observe(), this.context(more));
  }

  /** Plans and applies; returns the plan. What it did not touch or finish keeps its record. */
  async reconcile(desired: DesiredState, more: Partial<PlanContext> = {}): Promise<Plan> {
    const context = this.context(more);
    const plan = buildPlan(desired, await this.observe(), context);
    for (const action of plan.actions) await this.perform(action, desired, context);
    for (const { bottle, verdict } of plan.bottles) {
      const wanted = desired.bottles[bottle];
      if (wanted === undefined) delete this.applied[bottle];
      else if (['create', 'update', 'repair', 'unchanged'].includes(verdict)) {
        this.applied[bottle] = { revision: context.revision, specHash: specHash(wanted.spec) };
      }
    }
    return plan;
  }

  async perform(
    { action, bottle, backend }: PlannedAction,
    desired: DesiredState,
    context: PlanContext,
  ): Promise<void> {
    const engine = must(this.backends.find(({ name }) => name === backend));
    const ref = (component: Component) => ({ fleet: HOME, bottle, component });
    switch (action.kind) {
      case 'ensure-image':
        return this.engine.put({ kind: 'image', name: action.image });
      case 'render-sidecars':
      case 'reload-sidecar': {
        const wanted = must(desired.bottles[bottle]);
        const egress = renderEgressTable(wanted, context.host, context.nowMs);
        const secrets = Object.fromEntries(
          Object.entries(egress.secrets).map(([name, version]) => [name, { version, value: '' }]),
        );
        const supervise = renderSuperviseSettings(wanted);
        return this.files.render(bottle, { egress, secrets, supervise });
      }
      case 'create-network':
        return engine.createNetwork(action.network);
      case 'create-container':
        return engine.createContainer(action.container);
      case 'start':
        return engine.start(ref(action.component));
      case 'stop':
        return engine.stop(ref(action.component), 0);
      case 'remove':
        return engine.remove(ref(action.component));
      case 'snapshot':
        return engine.snapshot(ref(action.component), action.reference);
      case 'keep-state':
      case 'remove-state':
        return this.files.remove(bottle);
      case 'provision':
      case 'await-sidecars':
      case 'prove-isolation':
      case 'register-tools':
      case 'keep-sessions':
        return;
    }
  }
}

type Available = Extract<BackendObservation, { available: true }>;

/** Asks every bottle whether somebody works in it: the controller asks only those that it would interrupt. */
async function withSessions(backend: SimulatedBackend, seen: Available): Promise<Available> {
  const bottles = seen.bottles.map(async (one) => {
    const busy = await backend.isBusy({ fleet: HOME, bottle: one.name, component: 'agent' });
    return { ...one, busy };
  });
  return { ...seen, bottles: await Promise.all(bottles) };
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the simulated fleet has no such thing');
  return value;
}
