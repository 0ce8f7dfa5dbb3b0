import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import type { SimulatedObject } from '../../src/backends/simulated/simulated-object.ts';
import type { BottleSpec } from '../../src/model/bottle-spec.ts';
import type { DesiredBottle, DesiredState } from '../../src/model/desired-state.ts';
import type { ContainerState, ObservedState } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import { bottle, bottleName, desiredState, route } from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const HOSTS = ['api.example.test', 'git.example.test', '*.cdn.example.test'];
const NAMES = ['a', 'b', 'c', 'd'];

const spec: fc.Arbitrary<Partial<BottleSpec>> = fc.record(
  {
    label: fc.constantFrom(null, 'Label'),
    env: fc.dictionary(
      fc.constantFrom('A', 'B'),
      fc.record({ kind: fc.constant('literal' as const), value: fc.constantFrom('1', '2') }),
    ),
    image: fc.constantFrom(
      { kind: 'builtin' as const },
      { kind: 'ref' as const, ref: 'bb/agent:one' },
    ),
    runtime: fc.constantFrom('auto' as const, 'runc' as const),
    egress: fc.subarray(HOSTS).map((hosts) => ({ routes: hosts.map((host) => route(host)) })),
    allowlist: fc
      .subarray(HOSTS)
      .map((hosts) => hosts.map((host) => ({ host, reason: null, expires: null }))),
    supervise: fc.record({
      waitSeconds: fc.constantFrom(10, 30),
      maxPendingPerBottle: fc.constant(20),
    }),
    networks: fc.constantFrom({ pool: '10.80.0.0/16' }, { pool: '10.81.0.0/16' }),
  },
  { requiredKeys: [] },
);

const fleetOf: fc.Arbitrary<DesiredState> = fc
  .uniqueArray(fc.constantFrom(...NAMES), { minLength: 0 })
  .chain((names) => fc.tuple(...names.map((name) => spec.map((one) => bottle(name, one)))))
  .map((bottles: readonly DesiredBottle[]) => desiredState(bottles));

test('the plan of what a plan led to is empty', async () => {
  await fc.assert(
    fc.asyncProperty(fleetOf, fleetOf, async (first, second) => {
      const fleet = new SimulatedFleet();
      await fleet.reconcile(first);
      expect((await fleet.plan(first)).actions).toEqual([]);
      await fleet.reconcile(second, ALLOWED);
      const after = await fleet.plan(second);
      expect(formatPlan(after)).toMatch(/^(?:no bottles|\d unchanged); 0 actions$/);
    }),
  );
});

test('neither the order of files nor that of observations matters', async () => {
  await fc.assert(
    fc.asyncProperty(fleetOf, fleetOf, fc.integer(), async (first, second, seed) => {
      const fleet = new SimulatedFleet();
      await fleet.reconcile(first);
      const observed = await fleet.observe();
      const context = fleet.context();
      const plan = buildPlan(second, observed, context);
      const shuffled = buildPlan(
        { ...second, bottles: shuffledKeys(second.bottles, seed) },
        shuffledObservation(observed, seed),
        { ...context, applied: shuffledKeys(context.applied, seed) },
      );
      expect(shuffled).toEqual(plan);
    }),
  );
});

test('planning changes none of its inputs', async () => {
  await fc.assert(
    fc.asyncProperty(fleetOf, fleetOf, async (first, second) => {
      const fleet = new SimulatedFleet();
      await fleet.reconcile(first);
      const observed = deepFreeze(await fleet.observe());
      buildPlan(deepFreeze(second), observed, deepFreeze(fleet.context()));
    }),
  );
});

test('a change of one impact class needs no harder actions', async () => {
  await fc.assert(
    fc.asyncProperty(spec, spec, async (before, after) => {
      const fleet = new SimulatedFleet();
      await fleet.reconcile(desiredState([bottle('a', before)]));
      const plan = await fleet.plan(desiredState([bottle('a', after)]));
      const kinds = new Set(plan.actions.map(({ action }) => action.kind));
      const touched = plan.actions.flatMap(({ action }) =>
        'component' in action ? [action.component] : [],
      );
      switch (plan.bottles[0]?.impact) {
        case 'none':
          expect([...kinds]).toEqual([]);
          break;
        case 'reload':
          expect([...kinds]).toEqual(['reload-sidecar']);
          break;
        case 'restart-sidecar':
          expect(touched).not.toContain('agent');
          break;
        default:
          expect(touched).toContain('agent');
      }
    }),
  );
});

test('every action waits only for earlier ones of its own bottle', async () => {
  await fc.assert(
    fc.asyncProperty(fleetOf, fleetOf, async (first, second) => {
      const fleet = new SimulatedFleet();
      await fleet.reconcile(first);
      const { actions } = await fleet.plan(second);
      expect(actions.map(({ id }) => id)).toEqual(actions.map((_, index) => index + 1));
      for (const { id, bottle: name, dependsOn } of actions) {
        for (const on of dependsOn) {
          expect(on).toBeLessThan(id);
          expect(actions[on - 1]?.bottle).toBe(name);
        }
      }
    }),
  );
});

test('whatever is broken by hand is whole again within two passes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fleetOf,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: BREAKAGES.length - 1 })), { maxLength: 8 }),
      async (wanted, breakages) => {
        const fleet = new SimulatedFleet();
        await fleet.reconcile(wanted);
        for (const [which, how] of breakages) breakOne(fleet.engine, which, how);
        await fleet.reconcile(wanted);
        await fleet.reconcile(wanted);
        expect((await fleet.plan(wanted)).actions).toEqual([]);
        expect(wholeContainers(fleet.engine)).toBe(2 * Object.keys(wanted.bottles).length);
      },
    ),
    { numRuns: 300 },
  );
});

test('what is not ours is never touched', async () => {
  await fc.assert(
    fc.asyncProperty(fleetOf, fleetOf, async (first, second) => {
      const fleet = new SimulatedFleet();
      for (const name of ['bb-home-a', 'bb-home-b-sidecars', 'postgres']) {
        fleet.engine.put({ kind: 'foreign-container', name, subnet: null });
      }
      fleet.engine.put({ kind: 'foreign-network', name: 'bb-home-c-int', subnet: '10.80.0.0/24' });
      await fleet.reconcile(first);
      await fleet.reconcile(second, ALLOWED);
      const foreign = [...fleet.engine.objects()].filter(({ kind }) => kind.startsWith('foreign-'));
      expect(foreign.map(({ name }) => name)).toEqual([
        'bb-home-a',
        'bb-home-b-sidecars',
        'postgres',
        'bb-home-c-int',
      ]);
      for (const blocked of ['a', 'b', 'c']) {
        expect((await fleet.observe()).sidecars[bottleName(blocked)]).toBeUndefined();
      }
    }),
  );
});

const ALLOWED = { permissions: { allowMassDelete: true, applyNow: [] } };

type Breakage = (object: Exclude<SimulatedObject, { kind: 'image' }>) => SimulatedObject | null;

/** Things that a person or a crash does to a container or network; null = gone. */
const BREAKAGES: readonly Breakage[] = [
  () => null,
  ...(['created', 'exited', 'paused', 'dead'] satisfies ContainerState[]).map(
    (state): Breakage =>
      (object) =>
        object.kind === 'container' ? { ...object, state } : object,
  ),
  (object) => (object.kind === 'container' ? { ...object, attached: {} } : object),
  (object) =>
    object.kind === 'container'
      ? withIdentity(object, { specHash: 'f'.repeat(64), applied: 'not json' })
      : object,
];

/** Containers that run on all the networks that they should be on. */
function wholeContainers(engine: SimulatedEngine): number {
  const networks = new Set(
    [...engine.objects()].flatMap((object) => (object.kind === 'network' ? [object.id] : [])),
  );
  return [...engine.objects()].filter((object) => {
    if (object.kind !== 'container') return false;
    const on = Object.values(object.attached).filter(({ networkId }) => networks.has(networkId));
    const isAgent = object.spec.identity.component === 'agent';
    return object.state === 'running' && on.length === (isAgent ? 1 : 2);
  }).length;
}

function withIdentity(
  object: Extract<SimulatedObject, { kind: 'container' }>,
  labels: { readonly specHash: string; readonly applied: string },
): SimulatedObject {
  const { spec: made } = object;
  return { ...object, spec: { ...made, identity: { ...made.identity, ...labels } } };
}

function breakOne(engine: SimulatedEngine, which: number, how: number): void {
  const objects = [...engine.objects()].filter((object) => object.kind !== 'image');
  const object = objects[which % Math.max(1, objects.length)];
  if (object === undefined) return;
  const broken = BREAKAGES[how]?.(object) ?? null;
  if (broken === null) engine.drop(object);
  else engine.put(broken);
}

function shuffled<Thing>(things: readonly Thing[], seed: number): readonly Thing[] {
  return things
    .map((thing, index) => ({ thing, rank: Math.imul(index + 1, seed | 1) >>> 0 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ thing }) => thing);
}

function shuffledKeys<Value extends object>(value: Value, seed: number): Value {
  return Object.fromEntries(shuffled(Object.entries(value), seed)) as Value;
}

function shuffledObservation(observed: ObservedState, seed: number): ObservedState {
  const backends = Object.entries(observed.backends).map(([name, one]) => {
    if (!one.available) return [name, one] as const;
    const bottles = shuffled(one.bottles, seed).map((found) => ({
      ...found,
      containers: shuffled(found.containers, seed),
      networks: shuffled(found.networks, seed),
    }));
    const subnetsInUse = shuffled(one.subnetsInUse, seed);
    return [name, { ...one, bottles, subnetsInUse, images: shuffled(one.images, seed) }] as const;
  });
  return {
    ...observed,
    backends: Object.fromEntries(backends),
    sidecars: shuffledKeys(observed.sidecars, seed),
    inventory: shuffled(observed.inventory, seed),
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
