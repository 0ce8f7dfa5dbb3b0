import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend } from '../src/backends/backend.ts';
import { createEmbeddedBackend } from '../src/backends/embedded/embedded-backend.ts';
import { childrenOf } from '../src/backends/embedded/process-table.ts';
import type { RunRecord } from '../src/backends/embedded/records.ts';
import type { ComponentRef } from '../src/model/component.ts';
import type { FleetName } from '../src/model/names.ts';
import type { Bench } from './bench.ts';
import { type Benchmark, type Figure, figure } from './benchmark.ts';
import { openLightFleet } from './light-fleet.ts';
import { planEmpty } from './plan.ts';
import { median, timed } from './statistics.ts';

const SIZES = (process.env['BB_BENCH_BOTTLES'] ?? '100,400').split(',').map(Number);
const ROUNDS = 15;

/** Many bottles without an engine, as a controller brings them up, looks at them and ends them. */
export const embedded: Benchmark = {
  name: 'embedded',
  about: `${SIZES.join(' and ')} bottles without an engine: create, observe, empty plan, memory, stop`,
  run: async (bench) => {
    const figures: Figure[] = [];
    for (const bottles of SIZES) figures.push(...(await measure(bench, bottles)));
    return {
      figures,
      notes: [
        'a bottle is its network namespace, its sidecars with two listening sockets in it, and its agent',
        '`sleep` stands in for the programs, and what sidecars report is simulated',
        'memory: what the processes of a bottle have for themselves, and their part of what they share',
      ],
    };
  },
};

async function measure(bench: Bench, bottles: number): Promise<readonly Figure[]> {
  const directory = join(bench.folder, `embedded-${bottles}`);
  const backend = createEmbeddedBackend({ directory });
  const availability = await backend.probe();
  if (!availability.available) throw new Error(`${availability.reason}: ${availability.fix}`);
  bench.progress(availability.detail);
  const { fleet, openReconciler, upMs } = await openLightFleet(bench, backend, bottles).catch(
    async (error: unknown) => {
      await removeAll(directory, backend);
      throw error;
    },
  );
  try {
    const observeMs = await rounds(() => backend.observe(fleet.name));
    const reconciler = await openReconciler(backend);
    const planMs = await rounds(() => planEmpty(reconciler));
    const memory = await memoryMb(directory);
    const refs = await refsOf(backend, fleet.name);
    const stopMs = await timed(() => Promise.all(refs.map((ref) => backend.stop(ref, 1_000))));
    return [
      figure(`${bottles}: create, each`, upMs / bottles, 'ms', 15),
      figure(`${bottles}: observe`, observeMs, 'ms', bottles === 400 ? 20 : null),
      figure(`${bottles}: empty plan`, planMs, 'ms', bottles === 100 ? 100 : null),
      figure(`${bottles}: memory, each`, memory / bottles, 'MB'),
      figure(`${bottles}: stop, each`, stopMs / bottles, 'ms'),
    ];
  } finally {
    await removeAll(directory, backend);
  }
}

async function rounds(work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) samples.push(await timed(work));
  return median(samples);
}

async function refsOf(backend: Backend, fleet: FleetName): Promise<readonly ComponentRef[]> {
  const seen = await backend.observe(fleet);
  if (!seen.available) throw new Error(seen.reason);
  return seen.bottles.flatMap(({ name: bottle, containers }) =>
    containers.map(({ component }) => ({ fleet, bottle, component })),
  );
}

/** Also what an interrupted bring-up left, without asking the controller that is measured. */
export async function removeAll(directory: string, backend: Backend): Promise<void> {
  const files = await readdir(join(directory, 'records')).catch(() => []);
  const records = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(directory, 'records', file), 'utf8'))),
  );
  for (const { spec } of records) await backend.remove(spec.identity);
}

async function memoryMb(directory: string): Promise<number> {
  const folder = join(directory, 'runs');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  let kibibytes = 0;
  for (const file of files) {
    const run: RunRecord = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const pids = [run.monitor.pid, run.init.pid, ...childrenOf(run.init.pid)];
    for (const pid of pids) {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
      kibibytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    }
  }
  return kibibytes / 1024;
}
