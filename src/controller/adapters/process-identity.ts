import { readFile } from 'node:fs/promises';

/** Names one process for good: a pid alone is given to another process later, and after a reboot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot at which it started; null where the system does not say. */
  readonly startTicks: string | null;
  readonly bootId: string | null;
}

/** Who we are. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [startTicks, bootId] = await Promise.all([readStartTicks(process.pid), readBootId()]);
  return { pid: process.pid, startTicks, bootId };
}

/** Whether that very process still runs. A zombie does not: it will never let go of anything by itself. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const bootId = await readBootId();
  if (bootId !== identity.bootId) return false;
  if (identity.startTicks !== null) {
    return (await readStartTicks(identity.pid)) === identity.startTicks;
  }
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of `/proc/<pid>/stat`; the second field is a name that may hold spaces and parentheses. */
async function readStartTicks(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? null : (rest[18] ?? null);
}

async function readBootId(): Promise<string | null> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim();
}
