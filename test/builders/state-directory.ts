import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folders = new Set<string>();
// What a builder gives away as a mere path has no owner who could end it sooner.
afterAll(() => Promise.all([...folders].map(removeFolder)));

/** A folder for one test, gone with it; at the latest with the last test of the file. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bb-state-'));
  folders.add(path);
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

/** Tried again when a process that is just ending wrote into it meanwhile. */
async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(path);
}
