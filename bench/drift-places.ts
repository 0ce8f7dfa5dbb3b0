import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmbeddedBackend } from '../src/backends/embedded/embedded-backend.ts';
import type { RunRecord } from '../src/backends/embedded/records.ts';
import { systemRandom } from '../src/controller/adapters/system-random.ts';
import type { ControllerApi } from '../src/controller/api.ts';
import { assemble } from '../src/controller/assemble.ts';
import { createController } from '../src/controller/controller.ts';
import { openController } from '../src/controller/open.ts';
import { watchFleet } from '../src/controller/watch-loop.ts';
import { runtimeName } from '../src/model/component.ts';
import { type BottleName, parseBottleName } from '../src/model/names.ts';
import type { Bench } from './bench.ts';
import { removeAll } from './embedded.ts';
import { type BenchFleet, openFleet } from './fleet.ts';

export const STRUCK = ['agent', 'sidecars'] as const;
export type Struck = (typeof STRUCK)[number];

/** What ends a container behind the controller's back, and tells that another run of it goes on. */
export interface Blow {
  strike(): Promise<unknown>;
  isHealed(): Promise<boolean>;
}
type Aim = (bottle: string, component: Struck) => Promise<Blow>;

/** A fleet in force that a controller looks after, and how to break it. */
export interface DriftPlace {
  readonly api: ControllerApi;
  readonly aim: Aim;
}

export async function openDriftPlace(
  bench: Bench,
  backend: 'docker' | 'embedded' | 'simulated',
  bottles: number,
): Promise<DriftPlace> {
  const fleet = await openFleet(bench, { backend, bottles });
  if (backend === 'simulated') return inThisProcess(bench, fleet);
  const aim = await (backend === 'embedded' ? atSandboxes(bench, fleet) : atEngine(bench, fleet));
  await fleet.startController();
  await fleet.bb('reconcile');
  const opened = await openController(fleet.options);
  if (!opened.ok) throw new Error(opened.refusal.message);
  const api = opened.value;
  bench.defer(() => api[Symbol.asyncDispose]());
  return { api, aim };
}

async function atSandboxes(bench: Bench, fleet: BenchFleet): Promise<Aim> {
  const directory = join(fleet.stateDirectory, 'embedded');
  bench.defer(() => removeAll(directory, createEmbeddedBackend({ directory })));
  return async (bottle, component) => {
    const path = join(directory, 'runs', `${nameOf(fleet, bottle, component)}.json`);
    const read = async (): Promise<RunRecord> => JSON.parse(await readFile(path, 'utf8'));
    const { pid } = (await read()).init;
    return {
      strike: async () => process.kill(pid, 'SIGKILL'),
      isHealed: async () => (await read()).init.pid !== pid,
    };
  };
}

async function atEngine(bench: Bench, fleet: BenchFleet): Promise<Aim> {
  const { docker } = await bench.engine();
  return async (bottle, component) => {
    const container = docker.getContainer(nameOf(fleet, bottle, component));
    const startedAt = async () => (await container.inspect()).State.StartedAt;
    const before = await startedAt();
    return {
      strike: () => container.kill(),
      isHealed: async () => (await startedAt()) !== before,
    };
  };
}

/** The loop in this process, for nobody else can lay hands on a simulated engine. */
async function inThisProcess(bench: Bench, fleet: BenchFleet): Promise<DriftPlace> {
  const assembled = await assemble(fleet.options);
  if (!assembled.ok) throw new Error(assembled.refusal.message);
  const { ports, reconciler, unattended, hints } = assembled.value;
  const [engine] = ports.backends;
  if (engine === undefined) throw new Error('there is no simulated engine');
  const ended = new AbortController();
  const random = systemRandom;
  const api = createController({
    ...assembled.value,
    ...{ pass: ports, random, controllerPid: null, close: async () => undefined },
  });
  const watching = {
    ...ports,
    hints,
    random,
    reconciler,
    unattended,
    onLine: bench.progress,
    onLooked: () => undefined,
    isOwner: async () => true,
  };
  const loop = watchFleet(watching, fleet.name, ended.signal);
  bench.defer(() => {
    ended.abort();
    return loop;
  });
  const converged = await api.reconcile({}, () => undefined);
  if (!converged.ok) throw new Error(converged.refusal.message);
  const isRunning = async (bottle: BottleName, component: Struck) => {
    const seen = await engine.observe(fleet.name);
    const bottles = seen.available ? seen.bottles : [];
    const containers = bottles.find(({ name }) => name === bottle)?.containers ?? [];
    return containers.some((each) => each.component === component && each.state === 'running');
  };
  return {
    api,
    async aim(raw, component) {
      const bottle = bottleName(raw);
      let isStruck = false;
      return {
        async strike() {
          await engine.stop({ fleet: fleet.name, bottle, component }, 0);
          isStruck = true;
        },
        isHealed: async () => isStruck && (await isRunning(bottle, component)),
      };
    },
  };
}

function nameOf({ name: fleet }: BenchFleet, bottle: string, component: Struck): string {
  return runtimeName({ fleet, bottle: bottleName(bottle), component });
}

function bottleName(raw: string): BottleName {
  const bottle = parseBottleName(raw);
  if (bottle === undefined) throw new Error(`${raw} is no bottle name`);
  return bottle;
}
