import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPrivateEngine } from '../../scripts/engine/private-engine.ts';
import { eventually } from '../eventually.ts';

/** Where a test finds a Docker Engine, or why there is none. */
export type TestEngine =
  | { readonly kind: 'engine'; readonly endpoint: string }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * The engine of this test run: the one that `BB_TEST_DOCKER_HOST` names, else a private one that the first test to ask
 * starts and `global-setup.ts` stops. Tests that get `none` skip themselves by name:
 *
 * ```ts
 * const engine = await startEngineForTests();
 * describe.skipIf(engine.kind === 'none')('docker: …', () => { … });
 * ```
 */
export async function startEngineForTests(): Promise<TestEngine> {
  const named = process.env['BB_TEST_DOCKER_HOST'];
  if (named !== undefined && named !== '') return { kind: 'engine', endpoint: named };
  const folder = process.env['BB_TEST_ENGINE_FOLDER'];
  if (folder === undefined) throw new Error('BB_TEST_ENGINE_FOLDER is set by global-setup.ts');
  if (await claim(folder)) await save(folder, await start(folder));
  return eventually('the engine of this run answers', () => load(folder), 60_000);
}

async function start(folder: string): Promise<TestEngine & { readonly pid?: number }> {
  if (process.getuid?.() !== 0) return { kind: 'none', reason: 'only root can start an engine' };
  try {
    const { endpoint, pid } = await startPrivateEngine({
      folder: join(folder, 'e'),
      programs: process.env['BB_TEST_ENGINE_PROGRAMS'] ?? null,
      runtimes: {},
    });
    return { kind: 'engine', endpoint, pid };
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** True for the one process of the run that is to start the engine. */
async function claim(folder: string): Promise<boolean> {
  try {
    await mkdir(join(folder, 'claimed'));
    return true;
  } catch {
    return false;
  }
}

async function load(folder: string): Promise<TestEngine | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'engine.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

async function save(folder: string, engine: TestEngine): Promise<void> {
  await writeFile(join(folder, 'engine.json.new'), JSON.stringify(engine));
  await rename(join(folder, 'engine.json.new'), join(folder, 'engine.json'));
}
