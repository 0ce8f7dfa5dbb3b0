import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { FleetLock, LockHolder } from '../ports/fleet-lock.ts';
import { readLockFile, releaseLockFile, takeLockFile } from './lock-file.ts';
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
        const found = await takeLockFile(
          path,
          text,
          async (raw) => (await livingHolder(raw)) !== null,
        );
        if (found === null) return { kind: 'held', release: () => releaseLockFile(path, text) };
        const holder = parseHolder(found);
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
