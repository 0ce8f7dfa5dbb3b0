import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BackendError, type BackendHint } from '../../src/backends/backend.ts';
import type { Faults } from '../../src/backends/simulated/faults.ts';
import { NO_FAULTS } from '../../src/backends/simulated/faults.ts';
import { fileJournal } from '../../src/backends/simulated/file-journal.ts';
import { SimulatedBackend } from '../../src/backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { Component, ContainerSpec, NetworkSpec } from '../../src/model/component.ts';
import { networkSpec } from '../../src/reconcilers/network/network-spec.ts';
import { realisedSidecars } from '../../src/reconcilers/realised.ts';
import { sidecarsContainer } from '../../src/reconcilers/sidecars/sidecars-container.ts';
import { bottleName, fleetName, HOME, HOST, REVISION } from '../builders/observed.ts';

const CLOCK: Clock = { nowMs: () => 0, elapsedMs: () => 0, sleep: () => Promise.resolve() };
const OWNER = { fleet: HOME, bottle: bottleName('dev'), revision: REVISION };
const ref = (component: Component) => ({ ...OWNER, component });

const NETWORKS: readonly NetworkSpec[] = [
  networkSpec(OWNER, 'internal-network', { pool: '10.80.0.0/16', subnet: '10.80.0.0/28' }),
  networkSpec(OWNER, 'external-network', { pool: '10.80.0.0/16', subnet: '10.80.0.16/28' }),
];

const SIDECARS: ContainerSpec = sidecarsContainer(OWNER, {
  realised: realisedSidecars(HOST),
  host: HOST,
  addresses: {
    sidecarsInternal: '10.80.0.2',
    sidecarsExternal: '10.80.0.18',
    agent: '10.80.0.3',
  },
});

function simulated(engine = new SimulatedEngine(), faults: Faults = NO_FAULTS) {
  const backend = new SimulatedBackend({ engine, clock: CLOCK, faults });
  return { engine, backend };
}

async function make(backend: SimulatedBackend): Promise<void> {
  await backend.ensureImage(
    { reference: SIDECARS.image, dockerfile: '', buildArgs: {}, context: new Map() },
    () => undefined,
  );
  for (const network of NETWORKS) await backend.createNetwork(network);
  await backend.createContainer(SIDECARS);
  await backend.start(ref('sidecars'));
}

async function bottlesOf(backend: SimulatedBackend, fleet = HOME) {
  const observation = await backend.observe(fleet);
  return observation.available ? observation.bottles : observation.reason;
}

test('what was made is observed with its labels, addresses and subnets', async () => {
  const { backend } = simulated();
  await make(backend);
  expect(await bottlesOf(backend)).toMatchObject([
    {
      name: 'dev',
      backend: 'simulated',
      busy: false,
      containers: [
        {
          component: 'sidecars',
          state: 'running',
          specHash: SIDECARS.identity.specHash,
          applied: SIDECARS.identity.applied,
          addresses: { 'internal-network': '10.80.0.2', 'external-network': '10.80.0.18' },
        },
      ],
      networks: [{ subnet: '10.80.0.0/28' }, { subnet: '10.80.0.16/28' }],
    },
  ]);
});

test('every call may be made twice', async () => {
  const { backend } = simulated();
  await make(backend);
  const before = await backend.observe(HOME);
  await make(backend);
  expect(await backend.observe(HOME)).toEqual(before);
  for (const component of ['sidecars', 'internal-network', 'external-network'] as const) {
    await backend.stop(ref('sidecars'), 0);
    await backend.remove(ref(component));
    await backend.remove(ref(component));
  }
  expect(await bottlesOf(backend)).toEqual([]);
});

test('a fleet sees its own bottles and none of another one', async () => {
  const { backend } = simulated();
  await make(backend);
  expect(await bottlesOf(backend, fleetName('other'))).toEqual([]);
  expect(await bottlesOf(backend)).toHaveLength(1);
});

test('a name that is not ours is refused and left alone', async () => {
  const { engine, backend } = simulated();
  const foreign = { kind: 'foreign-network', name: 'bb-home-dev-int', subnet: null } as const;
  engine.put(foreign);
  await expect(make(backend)).rejects.toMatchObject({ code: 'name-taken', kind: 'terminal' });
  await expect(backend.remove(ref('internal-network'))).rejects.toMatchObject({
    code: 'name-taken',
  });
  expect([...engine.objects()]).toContainEqual(foreign);
  engine.drop(foreign);
  await make(backend);
});

test('an overlapping subnet, a missing image and an attached network are refused', async () => {
  const { engine, backend } = simulated();
  engine.put({ kind: 'foreign-network', name: 'lan', subnet: '10.80.0.0/28' });
  await expect(make(backend)).rejects.toMatchObject({ code: 'subnet-overlap' });
  engine.drop({ kind: 'foreign-network', name: 'lan', subnet: null });
  await make(backend);
  await expect(backend.remove(ref('internal-network'))).rejects.toMatchObject({ code: 'failed' });
  await backend.remove(ref('sidecars'));
  engine.drop({ kind: 'image', name: SIDECARS.image });
  await expect(backend.createContainer(SIDECARS)).rejects.toMatchObject({ code: 'image-missing' });
});

test('a container does not start on a network that was made anew behind it', async () => {
  const { engine, backend } = simulated();
  await make(backend);
  await backend.stop(ref('sidecars'), 0);
  const network = engine.network('bb-home-dev-int');
  if (network === undefined) throw new Error('there is no internal network');
  engine.drop(network);
  engine.put({ ...network, id: engine.nextId() });
  await expect(backend.start(ref('sidecars'))).rejects.toThrow('is gone');
});

test('changes are told until the watcher leaves, and lost when the faults say so', async () => {
  const told: BackendHint[] = [];
  let losing = false;
  const { backend } = simulated(undefined, { ...NO_FAULTS, losesHint: () => losing });
  const patience = new AbortController();
  backend.watch(HOME, (hint) => told.push(hint), patience.signal);
  await make(backend);
  const count = told.length;
  expect(told).toContainEqual({ kind: 'look', bottle: 'dev' });
  losing = true;
  await backend.stop(ref('sidecars'), 0);
  expect(told).toHaveLength(count);
  losing = false;
  patience.abort();
  await backend.start(ref('sidecars'));
  expect(told).toHaveLength(count);
});

test('a fault before a call leaves nothing, a fault after it leaves its effect', async () => {
  let when: 'before' | 'after' | 'never' = 'before';
  const fail = (phase: typeof when) => (call: string) => {
    if (call !== 'createNetwork' || when !== phase) return;
    throw new BackendError({ code: 'timeout', kind: 'transient', message: 'no answer' });
  };
  const { backend } = simulated(undefined, {
    ...NO_FAULTS,
    before: fail('before'),
    after: fail('after'),
  });
  await expect(make(backend)).rejects.toMatchObject({ code: 'timeout' });
  expect(await bottlesOf(backend)).toEqual([]);
  when = 'after';
  await expect(make(backend)).rejects.toMatchObject({ code: 'timeout' });
  expect(await bottlesOf(backend)).toMatchObject([{ networks: [{ subnet: '10.80.0.0/28' }] }]);
  when = 'never';
  await make(backend);
});

test('an engine that cannot be asked is a value', async () => {
  const { backend } = simulated(undefined, {
    ...NO_FAULTS,
    before: () => Promise.reject(new Error('no engine answers')),
  });
  expect(await backend.observe(HOME)).toEqual({ available: false, reason: 'no engine answers' });
});

test('files that were put in come out again, and go with their container', async () => {
  const { backend } = simulated();
  await make(backend);
  const content = new TextEncoder().encode('hello');
  const file = { path: 'a/b.txt', content, mode: 0o644, uid: 0, gid: 0 };
  await backend.copyIn(ref('sidecars'), '/home', [file]);
  expect(await backend.copyOut(ref('sidecars'), '/home/a/b.txt', 4)).toEqual(content.slice(0, 4));
  expect(await backend.copyOut(ref('sidecars'), '/home/none', 4)).toBeNull();
  await backend.remove(ref('sidecars'));
  await expect(backend.copyOut(ref('sidecars'), '/home/a/b.txt', 4)).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('programs run only in what runs', async () => {
  const { backend } = simulated();
  await make(backend);
  const request = { argv: ['true'], user: null, timeoutMs: 1 };
  expect(await backend.exec(ref('sidecars'), request)).toMatchObject({ exitCode: 0 });
  await backend.stop(ref('sidecars'), 0);
  await expect(backend.exec(ref('sidecars'), request)).rejects.toThrow('does not run');
});

test('a journal in a file brings the fleet back, also after a crash in the middle of a line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bb-simulated-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'engine.jsonl');
  const first = simulated(new SimulatedEngine(fileJournal(path)));
  await make(first.backend);
  await first.backend.stop(ref('sidecars'), 0);
  appendFileSync(path, '{"put":{"kind":"cont');
  const journal = fileJournal(path);
  const second = simulated(new SimulatedEngine(journal));
  expect(await bottlesOf(second.backend)).toEqual(await bottlesOf(first.backend));
  journal.compact(second.engine.snapshot());
  await second.backend.start(ref('sidecars'));
  const third = simulated(new SimulatedEngine(fileJournal(path)));
  expect(await bottlesOf(third.backend)).toEqual(await bottlesOf(second.backend));
});
