import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPrivateEngine } from '../../scripts/engine/private-engine.ts';

/**
 * Gives the run a folder in which the first test that needs an engine starts one; ends that engine at the end. What one
 * process of the run compiled, with its types taken off, is there for the next: programs are started from their sources.
 */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-engine-'));
  process.env['BB_TEST_ENGINE_FOLDER'] = folder;
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled');
  return async () => {
    const pid = await startedPid(folder);
    if (pid !== null) await openPrivateEngine(join(folder, 'e'), pid).stop();
    // A process that ends now may still be writing down what it compiled.
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  };
}

async function startedPid(folder: string): Promise<number | null> {
  try {
    return JSON.parse(await readFile(join(folder, 'engine.json'), 'utf8')).pid ?? null;
  } catch {
    return null;
  }
}
