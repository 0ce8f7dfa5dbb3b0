import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { FleetLock, LockHolder } from '../ports/fleet-lock.ts';
import { readLockFile, releaseLockFile, removeDeadGuards, takeLockFile } from './lock-file.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { storeError } from './store-error.ts';

export interface FleetLockOptions {
  readonly stateDirectory: string;
  /** Where the holder answers, for those who find the lock taken. */
  readonly socket: string | null;
  /** What the holder is, for people: `bb controller`. */
  readonly command: string;
  /** RFC 3339 of now. */
  readonly now: () => string;
}

const holderSchema = z.object({
  pid: z.number().int().positive(),
  startTicks: z.string().nullable(),
  bootId: z.string().nullable(),
  since: z.string(),
  command: z.string().transform((raw) => sanitizeLine(raw, 200)),
  socket: z.string().nullable(),
});
type WrittenHolder = z.infer<typeof holderSchema>;

/** The lock of a fleet as a file of its state directory, `controller.lock`. */
export function createFleetLock(options: FleetLockOptions): FleetLock {
  const path = join(options.stateDirectory, 'controller.lock');
  return {
    async acquire() {
      try {
        await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
        const text = await describeOwn(options);
        const taken = await takeLockFile(path, text, isHeld);
        if (taken.kind === 'ours') {
          const takenOver = taken.replaced !== null;
          if (takenOver) await clearUpAfter(taken.replaced, path);
          return {
            kind: 'held',
            release: () => releaseLockFile(path, text),
            isOurs: async () => (await readLockFile(path)) === text,
            takenOver,
          };
        }
        const holder = parseHolder(taken.found);
        if (holder === null) throw new Error(`${path} cannot be read`);
        return { kind: 'taken', holder: toHolder(holder) };
      } catch (error) {
        return storeError(path)(error);
      }
    },
    async holder() {
      const raw = await readLockFile(path);
      const written = raw === null ? null : await livingHolder(raw);
      return written === null ? null : toHolder(written);
    },
  };
}

/** The token makes each holding of the lock different from every other. */
async function describeOwn({ now, command, socket }: FleetLockOptions): Promise<string> {
  const holder: WrittenHolder = { ...(await ownIdentity()), since: now(), command, socket };
  return `${JSON.stringify({ ...holder, token: randomBytes(12).toString('hex') })}\n`;
}

/** Removes the socket that a dead holder served, and the guards of those who died while they took over. */
async function clearUpAfter(dead: string, path: string): Promise<void> {
  const socket = parseHolder(dead)?.socket ?? null;
  if (socket !== null && basename(socket) === 'controller.sock') await rm(socket, { force: true });
  await removeDeadGuards(path, isHeld);
}

async function isHeld(raw: string): Promise<boolean> {
  return (await livingHolder(raw)) !== null;
}

/** A file appears whole, so one that cannot be parsed has no living holder. */
async function livingHolder(raw: string): Promise<WrittenHolder | null> {
  const written = parseHolder(raw);
  return written !== null && (await isAlive(written)) ? written : null;
}

function parseHolder(raw: string): WrittenHolder | null {
  try {
    return holderSchema.safeParse(JSON.parse(raw)).data ?? null;
  } catch {
    return null;
  }
}

function toHolder({ pid, since, command, socket }: WrittenHolder): LockHolder {
  return { pid, since, command, socket };
}
