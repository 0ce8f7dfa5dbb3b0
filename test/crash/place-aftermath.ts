import { readdir, readlink } from 'node:fs/promises';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';
import { stateDirectoryOf } from './aftermath.ts';

/** What is left of bottles that are real, when everything is over. */
export interface PlaceAftermath {
  /** Exit code of `bb plan --detailed-exitcode`: 0 = nothing is left to do. */
  readonly plan: number | undefined;
  readonly ready: readonly string[];
  /** Containers and networks of the engine, by name. */
  readonly objects: readonly string[];
  /** Intermediate containers of builds. */
  readonly building: number;
  /** Processes of sandboxes. Each writes to a file of its bottle, which is how they are known. */
  readonly processes: number;
  /** Below the state directory; how often something was written is no difference. */
  readonly files: readonly string[];
}

/** `mark` stands in every step of the fleet's Dockerfiles that may run for a while. */
export async function placeAftermath(fleet: FleetUnderTest, mark: string): Promise<PlaceAftermath> {
  const { bottles } = await fleet.status();
  const state = stateDirectoryOf(fleet);
  const paths = await readdir(state, { recursive: true });
  return {
    plan: (await fleet.bb('plan', '--detailed-exitcode')).exitCode,
    ready: bottles.map(({ name, conditions }) => {
      const stated = conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
      return `${name}: ${stated.join(', ')}`;
    }),
    objects: Object.keys(await fleet.engine.ids()).sort(),
    building: await buildsWith(fleet, mark),
    processes: await processesWithFilesBelow(state),
    files: [...new Set(paths.filter(isLasting).map(withoutCounts))].sort(),
  };
}

async function buildsWith({ engine }: FleetUnderTest, mark: string): Promise<number> {
  const all = (await engine.docker?.listContainers({ all: true })) ?? [];
  return all.filter(({ Command }) => Command.includes(mark)).length;
}

async function processesWithFilesBelow(folder: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ours = await Promise.all(
    pids.map(async (pid) => {
      const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const targets = await Promise.all(
        descriptors.map((each) => readlink(`/proc/${pid}/fd/${each}`).catch(() => '')),
      );
      return targets.some((target) => target.startsWith(`${folder}/`));
    }),
  );
  return ours.filter(Boolean).length;
}

/** An empty quarantine is nothing, and what sandboxes write at home is theirs. */
function isLasting(path: string): boolean {
  return !path.endsWith('/quarantine') && !/^embedded\/(?:roots\/[^/]+\/\w+|host-etc)\//.test(path);
}

function withoutCounts(path: string): string {
  return path.replace(/gen-\d+/, 'gen-N');
}
