import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODULE_PACKAGE } from '../src/controller/adapters/shipped-images.ts';

const LIMIT_MS = 10_000;
const LOOK_MS = 25;
const PROGRAMS = ['bundle.js', 'egress.js', 'supervise.js'];

/**
 * Runs the sidecars once and keeps what Node compiled in `dist/sidecars/cache`, for bottles whose image nobody builds:
 * their first start is then as quick as a later one. Node finds the code by where it lies from the cache, so the run has
 * the folders of a bottle. A machine where they cannot run does without, which costs time and nothing else.
 */
export async function keepCompiledCode(root: string): Promise<void> {
  const sidecars = join(root, 'dist/sidecars');
  const kept = join(sidecars, 'cache');
  rmSync(kept, { recursive: true, force: true });
  const bottle = mkdtempSync(join(tmpdir(), 'bb-compile-'));
  try {
    const programs = join(bottle, 'opt/bb');
    const cache = join(bottle, 'tmp/compile-cache');
    for (const folder of [programs, cache]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(programs, 'package.json'), MODULE_PACKAGE);
    for (const name of PROGRAMS) cpSync(join(sidecars, name), join(programs, name));
    await runOnce(nodeOf(root), programs, { root: join(bottle, 'bb'), cache });
    const [version] = readdirSync(cache);
    if (version !== undefined)
      cpSync(join(cache, version), join(kept, version), { recursive: true });
  } catch (error) {
    console.log(`no compiled code kept: ${error instanceof Error ? error.message : error}`);
  } finally {
    rmSync(bottle, { recursive: true, force: true });
  }
}

async function runOnce(
  node: string,
  programs: string,
  folders: { readonly root: string; readonly cache: string },
): Promise<void> {
  const child = spawn(node, [join(programs, 'bundle.js')], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      BB_SIDECAR_ROOT: folders.root,
      BB_EGRESS_LISTEN: '127.0.0.1:0',
      BB_SUPERVISE_LISTEN: '127.0.0.1:0',
      NODE_COMPILE_CACHE: folders.cache,
      NODE_COMPILE_CACHE_PORTABLE: '1',
    },
  });
  const ended = once(child, 'exit');
  const isUp = () =>
    ['egress', 'supervise'].every((name) =>
      existsSync(join(folders.root, name, 'out/status.json')),
    );
  const deadline = performance.now() + LIMIT_MS;
  const look = setInterval(() => {
    if (isUp() || performance.now() > deadline) child.kill('SIGTERM');
  }, LOOK_MS);
  await ended.finally(() => clearInterval(look));
}

/** The one that bb and its sidecars run on. */
function nodeOf(root: string): string {
  const own = join(root, 'node_modules/.bin/node');
  return existsSync(own) ? own : process.execPath;
}
