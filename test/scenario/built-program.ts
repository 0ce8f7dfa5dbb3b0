import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { eventually } from '../eventually.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** `bin/bb` over a `dist` that is as new as `src`: the first file of a run that asks builds it for all. */
export async function builtProgram(): Promise<string> {
  const folder = process.env['BB_TEST_ENGINE_FOLDER'];
  if (folder === undefined) throw new Error('BB_TEST_ENGINE_FOLDER is set by global-setup.ts');
  const outcome = join(folder, 'built');
  const isFirst = await mkdir(`${outcome}.claimed`).then(
    () => true,
    () => false,
  );
  if (isFirst) await writeFile(outcome, await build());
  const problem = await eventually('bb is built', () => textOf(outcome), 60_000);
  if (problem !== BUILT) throw new Error(problem);
  return join(ROOT, 'bin/bb');
}

const BUILT = 'built';

/** Written down also when it fails, so that every file of the run tells why. */
async function build(): Promise<string> {
  if (!(await isStale())) return BUILT;
  const { failed, message } = await execa(process.execPath, ['scripts/build.ts'], {
    cwd: ROOT,
    reject: false,
  });
  return failed ? (message ?? 'bb could not be built') : BUILT;
}

async function isStale(): Promise<boolean> {
  const sources = await readdir(join(ROOT, 'src'), { recursive: true });
  const times = await Promise.all(sources.map((path) => changedAtMs(join(ROOT, 'src', path))));
  return Math.max(...times) > (await changedAtMs(join(ROOT, 'dist/cli/main.js')));
}

function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (text) => text || undefined,
    () => undefined,
  );
}

/** 0 where there is nothing. */
function changedAtMs(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
