import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec } from '../../model/component.ts';
import { isRoot } from './host-user.ts';
import { quote } from './quote.ts';

type Resources = ContainerSpec['resources'];

const ROOT = '/sys/fs/cgroup';
const OURS = 'bb';
const PERIOD_US = 100_000;

/** How this machine lets us limit a sandbox as a whole. */
export type LimitMethod = 'cgroup v2' | 'cgroup v1' | 'rlimit';

/** Files to write in a container's group, by controller; for v2 all are in the one group. */
const V1_FILES: {
  readonly [controller: string]: (resources: Resources) => readonly (readonly [string, number])[];
} = {
  memory: ({ memoryBytes }) => [['memory.limit_in_bytes', memoryBytes]],
  pids: ({ pids }) => [['pids.max', pids]],
  cpu: ({ cpus }) => [
    ['cpu.cfs_period_us', PERIOD_US],
    ['cpu.cfs_quota_us', Math.round(cpus * PERIOD_US)],
  ],
};

/** Looks at what is mounted and whether we may write there. */
export function limitMethod(): LimitMethod {
  if (!isRoot()) return 'rlimit';
  if (existsSync(`${ROOT}/cgroup.controllers`)) return isWritable(ROOT) ? 'cgroup v2' : 'rlimit';
  const all = Object.keys(V1_FILES).every((controller) => isWritable(join(ROOT, controller)));
  return all ? 'cgroup v1' : 'rlimit';
}

/** Makes the groups of a container and gives the files to join them by; none where only rlimits are had. */
export function makeGroups(name: string, resources: Resources): readonly string[] {
  switch (limitMethod()) {
    case 'rlimit':
      return [];
    case 'cgroup v1':
      return Object.entries(V1_FILES).map(([controller, files]) => {
        const group = join(ROOT, controller, OURS, name);
        mkdirSync(group, { recursive: true });
        for (const [file, value] of files(resources))
          writeFileSync(join(group, file), String(value));
        return join(group, 'cgroup.procs');
      });
    case 'cgroup v2': {
      const group = join(ROOT, OURS, name);
      mkdirSync(group, { recursive: true });
      for (const parent of [ROOT, join(ROOT, OURS)]) {
        writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory +pids +cpu');
      }
      writeFileSync(join(group, 'memory.max'), String(resources.memoryBytes));
      if (existsSync(join(group, 'memory.swap.max')))
        writeFileSync(join(group, 'memory.swap.max'), '0');
      writeFileSync(join(group, 'pids.max'), String(resources.pids));
      writeFileSync(
        join(group, 'cpu.max'),
        `${Math.round(resources.cpus * PERIOD_US)} ${PERIOD_US}`,
      );
      return [join(group, 'cgroup.procs')];
    }
  }
}

/** The files by which a program joins a container that runs. */
export function existingGroups(name: string): readonly string[] {
  return groupsOf(name)
    .map((group) => join(group, 'cgroup.procs'))
    .filter((path) => existsSync(path));
}

/**
 * Shell commands by which a program joins groups. All at once: each is a change that the kernel lets every processor
 * take note of, and changes that overlap wait for that together.
 */
export function joinScript(groups: readonly string[]): string {
  const joins = groups.map((path) => `echo $$ > ${quote(path)} & joining="$joining $!"\n`);
  const wait = 'for one in $joining; do wait "$one" || exit 1; done\n';
  return groups.length === 0 ? '' : `joining=\n${joins.join('')}${wait}`;
}

/** Groups that still hold a dying process are left to the next call. */
export function removeGroups(name: string): void {
  for (const group of groupsOf(name)) {
    try {
      rmdirSync(group);
    } catch {
      // Absent, or not empty yet.
    }
  }
}

/**
 * In front of a sandbox's program where no group limits the whole: a limit for the number of processes in its user
 * namespace. Memory has none there: Node reserves far more than it uses, and does not start under a limit that would
 * mean anything.
 */
export function resourceLimits(resources: Resources): readonly string[] {
  return limitMethod() === 'rlimit' ? ['prlimit', `--nproc=${resources.pids}`, '--'] : [];
}

function groupsOf(name: string): readonly string[] {
  const controllers = Object.keys(V1_FILES).map((controller) => join(ROOT, controller, OURS, name));
  return [join(ROOT, OURS, name), ...controllers];
}

/** Permissions do not tell: a container's view of the tree is often read-only. */
function isWritable(folder: string): boolean {
  try {
    mkdirSync(join(folder, OURS), { recursive: true });
    return readFileSync(join(folder, OURS, 'cgroup.procs'), 'utf8') !== undefined;
  } catch {
    return false;
  }
}
