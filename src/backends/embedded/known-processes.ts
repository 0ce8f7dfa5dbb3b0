import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { isAlive, type ProcessIdentity } from './process-table.ts';

/** Asks of the same processes over and over whether they live, for a small part of what their whole state costs. */
export interface KnownProcesses {
  isAlive(identity: ProcessIdentity): boolean;
  /** Lets go of some that ended: nobody may ask for them any more. */
  forgetSome(): void;
}

/** Beyond these, or beyond this part of what we may open, each is looked up every time: others need descriptors too. */
const MOST = 4_000;
const PART = 1 / 4;
const AT_A_TIME = 32;
/** All sizes of a process that has no memory any more are zero: it ended, and waits to be taken note of. */
const ZERO = '0'.charCodeAt(0);

interface Known extends Pick<ProcessIdentity, 'startTicks' | 'bootId'> {
  readonly descriptor: number;
}

/**
 * A descriptor of `/proc/<pid>/statm` stays that very process's, and tells nothing of another that has its pid later. It
 * is opened before the process is known by its start: so it is no later one's. What it does not affirm is looked up.
 */
export function createKnownProcesses(most = mostDescriptors()): KnownProcesses {
  const known = new Map<number, Known>();
  const first = Buffer.alloc(1);
  const affirms = ({ descriptor }: Known) => {
    try {
      return readSync(descriptor, first, 0, 1, 0) === 1 && first[0] !== ZERO;
    } catch {
      return false;
    }
  };
  const forget = (pid: number, { descriptor }: Known) => {
    known.delete(pid);
    closeSync(descriptor);
  };
  const learn = (identity: ProcessIdentity): boolean => {
    const descriptor = known.size < most ? openOf(identity.pid) : null;
    const lives = isAlive(identity);
    if (descriptor === null) return lives;
    if (lives) known.set(identity.pid, { ...identity, descriptor });
    else closeSync(descriptor);
    return lives;
  };
  let sweep = known.entries();
  return {
    isAlive(identity) {
      const one = known.get(identity.pid);
      if (one !== undefined) {
        if (isOf(one, identity) && affirms(one)) return true;
        forget(identity.pid, one);
      }
      return learn(identity);
    },
    forgetSome() {
      for (let looks = 0; looks < AT_A_TIME; looks += 1) {
        const { done, value } = sweep.next();
        if (done === true) {
          sweep = known.entries();
          return;
        }
        if (!affirms(value[1])) forget(...value);
      }
    },
  };
}

function mostDescriptors(): number {
  const [, limit] =
    /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return limit === undefined ? MOST : Math.min(MOST, Math.floor(Number(limit) * PART));
}

function isOf(one: Known, { startTicks, bootId }: ProcessIdentity): boolean {
  return one.startTicks === startTicks && one.bootId === bootId;
}

function openOf(pid: number): number | null {
  try {
    return openSync(`/proc/${pid}/statm`, 'r');
  } catch {
    return null;
  }
}
