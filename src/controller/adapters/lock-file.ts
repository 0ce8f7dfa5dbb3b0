import { createHash, randomBytes } from 'node:crypto';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { writeDurably } from './atomic-file.ts';

const ATTEMPTS = 100;

/**
 * Makes `path` a file of `text`, unless a living holder's is there, whose text is then returned. `text` must be unlike
 * every other ever written there.
 *
 * The file appears whole, by linking a finished one, which succeeds once. A dead holder's file is replaced by rename,
 * and only under a guard: a lock of the same kind whose name is the hash of the dead file. So of all who saw that file
 * one at a time may replace it, and only after it saw it again; whoever was slower sees another file and starts over.
 * A guard whose holder died is itself taken over in the same way.
 */
export async function takeLockFile(
  path: string,
  text: string,
  isHeld: (text: string) => Promise<boolean>,
): Promise<string | null> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  await writeDurably(draft, text, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await linkOnce(draft, path)) return null;
      const found = await readLockFile(path);
      if (found !== null) {
        if (await isHeld(found)) return found;
        if (await replaceDead({ path, dead: found, draft, text, isHeld })) return null;
      }
      await delay(Math.min(attempt, 20));
    }
    throw new Error('it changes hands too fast');
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the file if it is still the one that was made of `text`. */
export async function releaseLockFile(path: string, text: string): Promise<void> {
  if ((await readLockFile(path)) === text) await rm(path, { force: true });
}

/** Null when there is none. */
export async function readLockFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function replaceDead(takeover: {
  readonly path: string;
  readonly dead: string;
  readonly draft: string;
  readonly text: string;
  readonly isHeld: (text: string) => Promise<boolean>;
}): Promise<boolean> {
  const { path, dead, draft, text, isHeld } = takeover;
  const guard = `${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`;
  if ((await takeLockFile(guard, text, isHeld)) !== null) return false;
  try {
    if ((await readLockFile(path)) !== dead) return false;
    await rename(draft, path);
    return true;
  } finally {
    await releaseLockFile(guard, text);
  }
}

async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
