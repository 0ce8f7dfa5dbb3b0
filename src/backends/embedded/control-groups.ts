import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec } from '../../model/component.ts';
import { CONTROLLERS, type Controller, type LimitFacts } from './limit-method.ts';

type Resources = ContainerSpec['resources'];

const ROOT = '/sys/fs/cgroup';
const OURS = 'bb';
const PERIOD_US = 100_000;
/** Hierarchies of v1 that limit nothing and by which systemd knows what belongs to a unit. */
const TRACKERS = ['systemd', 'unified'];

type Setting = readonly [file: string, value: string];

const V1: { readonly [controller in Controller]: (resources: Resources) => readonly Setting[] } = {
  memory: ({ memoryBytes }) => [['memory.limit_in_bytes', String(memoryBytes)]],
  pids: ({ pids }) => [['pids.max', String(pids)]],
  cpu: ({ cpus }) => [
    ['cpu.cfs_period_us', String(PERIOD_US)],
    ['cpu.cfs_quota_us', quotaOf(cpus)],
  ],
};

const V2: typeof V1 = {
  memory: ({ memoryBytes }) => [
    ['memory.max', String(memoryBytes)],
    ['memory.swap.max', '0'],
  ],
  pids: ({ pids }) => [['pids.max', String(pids)]],
  cpu: ({ cpus }) => [['cpu.max', `${quotaOf(cpus)} ${PERIOD_US}`]],
};

/** Which controllers below `root` we may make groups of: found out by making one. */
export function writableGroups(root = ROOT): LimitFacts['groups'] {
  if (!existsSync(join(root, 'cgroup.controllers'))) {
    const controllers = CONTROLLERS.filter((one) => isOurs(join(root, one, OURS)));
    return controllers.length === 0 ? null : { version: 'v1', controllers };
  }
  const ours = join(root, OURS);
  if (!isOurs(ours)) return null;
  // A controller is had where each group above hands it down, which one with processes in it may not.
  const controllers = CONTROLLERS.filter((one) =>
    [root, ours].every((group) => isWritten(join(group, 'cgroup.subtree_control'), `+${one}`)),
  );
  return { version: 'v2', controllers };
}

/** Makes the groups of a container and gives the files to join them by. */
export function makeGroups(
  name: string,
  { version, controllers }: NonNullable<LimitFacts['groups']>,
  resources: Resources,
): readonly string[] {
  if (version === 'v2') {
    const group = join(ROOT, OURS, name);
    mkdirSync(group, { recursive: true });
    const settings = controllers.flatMap((one) => V2[one](resources));
    // Where nothing is swapped there is no such file.
    for (const [file, value] of settings.filter(([file]) => existsSync(join(group, file)))) {
      writeFileSync(join(group, file), value);
    }
    return [join(group, 'cgroup.procs')];
  }
  return controllers.map((controller) => {
    const group = join(ROOT, controller, OURS, name);
    mkdirSync(group, { recursive: true });
    for (const [file, value] of V1[controller](resources)) writeFileSync(join(group, file), value);
    return join(group, 'cgroup.procs');
  });
}

/**
 * Makes groups that limit nothing and gives the files to join them by: what is in them is not ended with the unit of a
 * service manager that we are in. None where we are in no unit.
 */
export function makeTracked(
  name: string,
  version: 'v1' | 'v2',
  own = readFileSync('/proc/self/cgroup', 'utf8'),
): readonly string[] {
  const isInUnit = /^(?:0:|\d+:name=systemd):\/./m.test(own);
  if (!isInUnit) return [];
  const hierarchies = version === 'v2' ? [ROOT] : TRACKERS.map((tracker) => join(ROOT, tracker));
  return hierarchies
    .map((hierarchy) => join(hierarchy, OURS, name))
    .filter(isMade)
    .map((group) => join(group, 'cgroup.procs'));
}

/**
 * The files by which a program joins those that `pid` is in. Whatever they are called: an earlier version of bb, which
 * may have started it, named them otherwise.
 */
export function groupsAround(pid: number): readonly string[] {
  const [, name] = /\/bb\/(bb-[^/\n]+)$/m.exec(cgroupText(pid)) ?? [];
  if (name === undefined) return [];
  return groupsOf(name)
    .map((group) => join(group, 'cgroup.procs'))
    .filter((path) => existsSync(path));
}

/** False while one of them still holds a process that is on its way out. */
export function removeGroups(...names: readonly string[]): boolean {
  return names.flatMap(groupsOf).map(isGone).every(Boolean);
}

/** Where `pid` is in each hierarchy, as the kernel says it; empty when it is gone. */
export function cgroupText(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}

function isGone(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return !existsSync(group);
  }
}

function groupsOf(name: string): readonly string[] {
  const hierarchies = [...CONTROLLERS, ...TRACKERS].map((one) => join(ROOT, one));
  return [ROOT, ...hierarchies].map((hierarchy) => join(hierarchy, OURS, name));
}

function quotaOf(cpus: number): string {
  return String(Math.round(cpus * PERIOD_US));
}

/** One that is there may be another user's: what we may do in it is found out by doing it. */
function isOurs(group: string): boolean {
  const tried = join(group, `try-${process.pid}`);
  if (!isMade(tried)) return false;
  rmdirSync(tried);
  return true;
}

/** Permissions do not tell: a container's view of the tree is often read-only. */
function isMade(group: string): boolean {
  try {
    mkdirSync(group, { recursive: true });
    return existsSync(join(group, 'cgroup.procs'));
  } catch {
    return false;
  }
}

function isWritten(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}
