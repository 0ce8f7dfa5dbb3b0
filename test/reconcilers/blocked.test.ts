import { expect, test } from 'vitest';
import type { BottleSpec } from '../../src/model/bottle-spec.ts';
import type { ForeignObject } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import type { PlanContext } from '../../src/reconcilers/plan-context.ts';
import {
  backendEntry,
  bottle,
  desiredState,
  emptyBackend,
  observedState,
  planContext,
  route,
} from '../builders/observed.ts';

interface Case {
  readonly title: string;
  readonly spec: Partial<BottleSpec>;
  /** The same bottle without the obstacle. */
  readonly twin: Partial<BottleSpec>;
  readonly pending: string;
  readonly foreign?: readonly ForeignObject[];
  readonly subnetsInUse?: readonly string[];
  readonly context?: Partial<PlanContext>;
}

const needs = (secret: string) => ({
  egress: { routes: [route('api.example.test', { auth: { scheme: 'Bearer', secret } })] },
});

const CASES: readonly Case[] = [
  {
    title: 'a secret without a value',
    spec: needs('unset'),
    twin: needs('api'),
    pending:
      'route api.example.test needs the secret unset, which has no value on this host; add unset to secrets.yaml or give its source a value',
  },
  {
    title: 'a value that a person would have to type',
    spec: { env: { TOKEN: { kind: 'ask', question: 'paste it' } } },
    twin: { env: { TOKEN: { kind: 'from-host', variable: 'TOKEN' } } },
    pending:
      'asked values need an interactive start: variable TOKEN asks; use fromHost or a literal instead',
  },
  {
    title: 'a runtime that the engine lacks',
    spec: { runtime: 'runsc' },
    twin: { runtime: 'runc' },
    pending: 'simulated does not have the runtime runsc; register it there or use runtime: auto',
  },
  {
    title: 'a pool without a free subnet',
    spec: { networks: { pool: '10.80.0.0/27' } },
    twin: { networks: { pool: '10.80.0.0/26' } },
    subnetsInUse: ['10.80.0.8/30'],
    pending:
      'the pool 10.80.0.0/27 has no free /28 left; give networks.pool a range that no network or route of the host lies in, or remove networks that nothing needs',
  },
  {
    title: 'a backend that this host does not know',
    spec: { backend: 'moon' },
    twin: { backend: 'simulated' },
    pending: 'there is no backend moon on this host; choose one of: auto, simulated',
  },
];

function plan({ foreign = [], subnetsInUse = [] }: Partial<Case>, spec: Partial<BottleSpec>) {
  const observed = observedState({
    backends: { simulated: emptyBackend({ foreign, subnetsInUse }) },
  });
  return buildPlan(desiredState([bottle('dev', spec)]), observed, planContext());
}

test.for(CASES)('$title blocks a bottle and says what to do', (one) => {
  const blocked = plan(one, one.spec);
  expect(blocked.actions).toEqual([]);
  expect(blocked.bottles[0]).toMatchObject({ verdict: 'blocked', pending: one.pending });
  expect(plan(one, one.twin).bottles[0]?.verdict).toBe('create');
});

test('a root file system of the host blocks a bottle where none is taken', () => {
  const spec = { image: { kind: 'rootfs', name: 'debian' } } as const;
  const { capabilities } = backendEntry('simulated');
  const planned = (rootfs: boolean) => {
    const entry = backendEntry('simulated', { capabilities: { ...capabilities, rootfs } });
    const context = planContext({ backends: [entry] });
    return buildPlan(desiredState([bottle('dev', spec)]), observedState(), context);
  };
  expect(planned(false).actions).toEqual([]);
  expect(planned(false).bottles[0]).toMatchObject({
    verdict: 'blocked',
    pending:
      'simulated takes no root file system of this host; use image: {ref: …} or {dockerfile: …}, or backend: embedded',
  });
  expect(planned(true).bottles[0]?.verdict).toBe('create');
});

test('a container of the same name that is not ours blocks, one of another name does not', () => {
  const named = (name: string) => plan({ foreign: [{ kind: 'container', name }] }, {});
  expect(named('bb-home-dev').actions).toEqual([]);
  expect(named('bb-home-dev').bottles[0]?.pending).toBe(
    'a container named bb-home-dev exists on simulated and is not ours; rename or remove it, or rename the instance',
  );
  expect(named('bb-home-other').bottles[0]?.verdict).toBe('create');
});

test('without any backend nothing is done and every reason is told', () => {
  const availability = {
    available: false as const,
    reason: 'no engine answers',
    fix: 'start dockerd',
  };
  const context = planContext({ backends: [backendEntry('docker', { availability })] });
  const nowhere = buildPlan(desiredState([bottle('dev')]), observedState(), context);
  expect(nowhere.bottles[0]).toMatchObject({
    backend: null,
    verdict: 'blocked',
    pending: 'no backend is available (docker: no engine answers; start dockerd)',
  });
});

test('gVisor is taken where the engine has it', () => {
  const availability = { available: true as const, detail: '', runtimes: ['runc', 'runsc'] };
  const context = planContext({ backends: [backendEntry('simulated', { availability })] });
  const runtimes = buildPlan(desiredState([bottle('dev')]), observedState(), context)
    .actions.map(({ action }) => action)
    .flatMap((action) => (action.kind === 'create-container' ? [action.container] : []))
    .map(({ identity, runtime }) => [identity.component, runtime]);
  expect(runtimes).toEqual([
    ['sidecars', null],
    ['agent', 'runsc'],
  ]);
});
