import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const LIMIT_MS = 120_000;

/**
 * Removes a folder that an agent wrote in. Folders that it made unwritable or nested deeper than a path is long stop
 * Node's own removal; coreutils go down step by step, and follow no link.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    const run = promisify(execFile);
    // What it cannot change, `rm` tells.
    await run('chmod', ['-R', 'u+rwX', '--', path], { timeout: LIMIT_MS }).catch(() => undefined);
    await run('rm', ['-rf', '--one-file-system', '--', path], { timeout: LIMIT_MS });
  }
}
