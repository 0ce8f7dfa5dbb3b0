import { createHash } from 'node:crypto';
import { link, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeDurably } from './atomic-file.ts';
import { temporaryPath } from './temporary-file.ts';

const ATTEMPTS = 100;
/** Guards of guards too. */
const GUARD_SUFFIX = /(?:\.[0-9a-f]{16})+$/;

/** `replaced`: the dead holder's text, null when there was none. `found`: the living one's. */
export type TakenLockFile =
  | { readonly kind: 'ours'; readonly replaced: string | null }
  | { readonly kind: 'theirs'; readonly found: string };

/**
 * Makes `path` a file of `text`, unless a living holder's is there. `text` must be unlike every other ever written there.
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
): Promise<TakenLockFile> {
  const draft = temporaryPath(path);
  await writeDurably(draft, text, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await linkOnce(draft, path)) return { kind: 'ours', replaced: null };
      const found = await readLockFile(path);
      if (found !== null) {
        if (await isHeld(found)) return { kind: 'theirs', found };
        const isReplaced = await replaceDead({ path, dead: found, draft, text, isHeld });
        if (isReplaced) return { kind: 'ours', replaced: found };
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

/** Removes guards whose holders died under them; for the holder of the lock at `path`, whose file no guard is of. */
export async function removeDeadGuards(
  path: string,
  isHeld: (text: string) => Promise<boolean>,
): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!GUARD_SUFFIX.test(name) || !name.startsWith(basename(path))) continue;
    const guard = join(dirname(path), name);
    const text = await readLockFile(guard);
    if (text !== null && !(await isHeld(text))) await releaseLockFile(guard, text);
  }
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
  if ((await takeLockFile(guard, text, isHeld)).kind === 'theirs') return false;
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
