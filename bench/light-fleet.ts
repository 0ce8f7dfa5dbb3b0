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
import { Reconciler } from '../src/controller/reconciler.ts';
import type { Bench } from './bench.ts';
import { type BenchFleet, openFleet } from './fleet.ts';

/**
 * Many bottles in a real engine: containers, networks, labels and plans are those of `bb`, but `sleep` stands in for the
 * programs in them, whose memory a machine may not have a hundred times, and what sidecars report is simulated.
 */
export interface LightFleet {
  readonly fleet: BenchFleet;
  /** A controller's own passes over the engine at this endpoint. */
  readonly openReconciler: (endpoint: string) => Promise<Reconciler>;
}

const PERMISSIONS = { allowMassDelete: false, applyNow: [] } as const;
const UP_WITHIN_MS = 15 * 60_000;

/** Brings up `bottles` bottles; resolves when a plan of them is empty. */
export async function openLightFleet(bench: Bench, bottles: number): Promise<LightFleet> {
  const fleet = await openFleet(bench, { backend: 'docker', bottles });
  const { base, endpoint: engineEndpoint } = await bench.engine();
  const { agent, sidecars } = await shippedImages(base);
  const builds = new Map([agent, sidecars].map((build) => [build.reference, build]));
  const files = new SimulatedSidecarFiles({ clock: systemClock });
  const light: LightFleet = {
    fleet,
    async openReconciler(endpoint) {
      const assembled = await assemble(fleet.options);
      if (!assembled.ok) throw new Error(assembled.refusal.message);
      const { ports, journal, hints } = assembled.value;
      return new Reconciler({
        ...ports,
        files,
        backends: [lightBackend(endpoint)],
        availabilities: createAvailabilityMemo(),
        random: systemRandom,
        journal,
        imageBuilds: () => builds,
        performing: { environment: {}, hints, workspaces: { read: async () => [] } },
      });
    },
  };
  bench.progress(`bringing up ${bottles} light bottles: about a second each`);
  const reconciler = await light.openReconciler(engineEndpoint);
  const limits = { clock: systemClock, timeoutMs: UP_WITHIN_MS };
  const report = await converge(reconciler, { permissions: PERMISSIONS }, limits);
  if (report.kind === 'refused') throw new Error(report.refusal.message);
  const failed = [...reconciler.snapshot().memories.values()].find(
    ({ setback }) => setback !== null,
  );
  if (failed !== undefined) throw new Error(failed.setback?.failure.message);
  return light;
}

function lightBackend(endpoint: string): Backend {
  const docker = createDockerBackend({ endpoint, environment: {} });
  return {
    ...docker,
    createContainer: (container, env) =>
      docker.createContainer({ ...container, mounts: [], command: ['sleep', 'infinity'] }, env),
    exec: async (ref, request) => runSimulated(ref, request),
  };
}
