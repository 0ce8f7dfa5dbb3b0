import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Names one process for good: a pid alone is given to another process later, and after a reboot. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

/** Who runs under `pid` now; null when nobody does. */
export function identify(pid: number): ProcessIdentity | null {
  const startTicks = statFields(pid)?.[19];
  return startTicks === undefined ? null : { pid, startTicks, bootId: bootId() };
}

/** Whether that very process still runs. A zombie does not: nothing of it is left but its number. */
export function isAlive({ pid, startTicks, bootId: boot }: ProcessIdentity): boolean {
  if (boot !== bootId()) return false;
  const fields = statFields(pid);
  return fields?.[19] === startTicks && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** The kernel tells of processes in hundredths of a second, on every machine (`USER_HZ`). */
const TICK_MS = 10;

/** How long ago a process of this boot was started. */
export function ageMs({ startTicks }: ProcessIdentity): number {
  const [uptimeS = ''] = read('/proc/uptime').split(' ');
  return Number(uptimeS) * 1_000 - Number(startTicks) * TICK_MS;
}

/** Sends a signal to that very process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

export function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** All living processes of the pid namespace that `pid` is in, whoever their parents are. */
export function namespaceMembers(pid: number): readonly number[] {
  const own = link(`/proc/${pid}/ns/pid`);
  if (own === null) return [];
  return readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) &&
    link(`/proc/${name}/ns/pid`) === own &&
    statFields(Number(name))?.[0] !== 'Z'
      ? [Number(name)]
      : [],
  );
}

/** CPU time and resident memory of one process; zero when it is gone. */
export function usageOf(pid: number): {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
} {
  const [nanoseconds = ''] = read(`/proc/${pid}/schedstat`).split(' ');
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return { cpuSeconds: Number(nanoseconds) / 1e9, memoryBytes: Number(kibibytes ?? 0) * 1024 };
}

/** Who runs it, as the machine counts users; null when it is gone. */
export function userOf(pid: number): number | null {
  const uid = /^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return uid === undefined ? null : Number(uid);
}

/** True when the environment that the process was started with holds this entry. */
export function wasStartedWith(pid: number, entry: string): boolean {
  return read(`/proc/${pid}/environ`).split('\0').includes(entry);
}

/** Fields of `/proc/<pid>/stat` from the state on. */
export function statFields(pid: number): readonly string[] | null {
  return fieldsOf(read(`/proc/${pid}/stat`));
}

/** Start time in a text of `/proc/<pid>/stat`; null when it is none. */
export function startTicksOf(stat: string): string | null {
  return fieldsOf(stat)?.[19] ?? null;
}

/** The name before the state may hold spaces and parentheses. */
function fieldsOf(stat: string): readonly string[] | null {
  return stat === '' ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= read('/proc/sys/kernel/random/boot_id').trim();
  return knownBootId;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
