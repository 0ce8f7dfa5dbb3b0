import type { Backend } from '../src/backends/backend.ts';
import { createDockerBackend } from '../src/backends/docker/docker-backend.ts';
import { shippedImages } from '../src/controller/adapters/shipped-images.ts';
import { runSimulated } from '../src/controller/adapters/simulated-programs.ts';
import { SimulatedSidecarFiles } from '../src/controller/adapters/simulated-sidecar-files.ts';
import { systemClock } from '../src/controller/adapters/system-clock.ts';
import { systemRandom } from '../src/controller/adapters/system-random.ts';
import { assemble } from '../src/controller/assemble.ts';
import { createAvailabilityMemo } from '../src/controller/availability-memo.ts';
import { converge } from '../src/controller/converge.ts';
import { DEFAULT_BASE } from '../src/controller/host-config.ts';
import { Reconciler } from '../src/controller/reconciler.ts';
import type { BottleName } from '../src/model/names.ts';
import type { Bench } from './bench.ts';
import { type BenchFleet, openFleet } from './fleet.ts';

/**
 * Many bottles in a real engine, or in sandboxes of the embedded backend: containers, networks, labels and plans are
 * those of `bb`, but `sleep` stands in for the programs in them, whose memory a machine may not have a hundred times,
 * and what sidecars report is simulated.
 */
export interface LightFleet {
  readonly fleet: BenchFleet;
  /** A controller's own passes over this backend. */
  readonly openReconciler: (backend: Backend) => Promise<Reconciler>;
  /** How long it took from nothing until a plan was empty. */
  readonly upMs: number;
}

const PERMISSIONS = { allowMassDelete: false, applyNow: [] } as const;
const UP_WITHIN_MS = 15 * 60_000;

/** Brings up `bottles` bottles in `backend`; resolves when a plan of them is empty. */
export async function openLightFleet(
  bench: Bench,
  backend: Backend,
  bottles: number,
): Promise<LightFleet> {
  const isDocker = backend.name === 'docker';
  const fleet = await openFleet(bench, { backend: isDocker ? 'docker' : 'embedded', bottles });
  const base = isDocker ? (await bench.engine()).base : DEFAULT_BASE;
  const { agent, sidecars } = await shippedImages(base);
  const builds = new Map([agent, sidecars].map((build) => [build.reference, build]));
  const starts = new Map<BottleName, string>();
  const running = (bottle: BottleName) => starts.get(bottle) ?? null;
  const files = new SimulatedSidecarFiles({ clock: systemClock, running });
  const openReconciler = async (over: Backend) => {
    const assembled = await assemble(fleet.options);
    if (!assembled.ok) throw new Error(assembled.refusal.message);
    const { ports, journal, hints } = assembled.value;
    return new Reconciler({
      ...ports,
      files,
      backends: [lightBackend(over, starts)],
      availabilities: createAvailabilityMemo(),
      random: systemRandom,
      journal,
      imageBuilds: () => builds,
      performing: { environment: {}, hints, workspaces: { read: async () => [] } },
    });
  };
  bench.progress(`bringing up ${bottles} light bottles`);
  const reconciler = await openReconciler(backend);
  const limits = { clock: systemClock, timeoutMs: UP_WITHIN_MS };
  const startMs = performance.now();
  const report = await converge(reconciler, { permissions: PERMISSIONS }, limits);
  if (report.kind === 'refused') throw new Error(report.refusal.message);
  const failed = [...reconciler.snapshot().memories.values()].find(
    ({ setback }) => setback !== null,
  );
  if (failed !== undefined) throw new Error(failed.setback?.failure.message);
  return { fleet, openReconciler, upMs: performance.now() - startMs };
}

/** Docker at an endpoint of a benchmark's. */
export function dockerAt(endpoint: string): Backend {
  return createDockerBackend({ endpoint, environment: {} });
}

/** Each start of sidecars is one of its own: what reported before it is not believed. */
function lightBackend(backend: Backend, starts: Map<BottleName, string>): Backend {
  return {
    ...backend,
    createContainer: (container, env) =>
      backend.createContainer({ ...container, mounts: [], command: ['sleep', 'infinity'] }, env),
    async start(ref) {
      await backend.start(ref);
      if (ref.component === 'sidecars') starts.set(ref.bottle, String(performance.now()));
    },
    exec: async (ref, request) => runSimulated(ref, request),
  };
}
