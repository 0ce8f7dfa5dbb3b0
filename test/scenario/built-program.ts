import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
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
  if (isFirst) {
    if (await isStale()) await execa(process.execPath, ['scripts/build.ts'], { cwd: ROOT });
    await writeFile(outcome, '');
  }
  await eventually('bb is built', () => changedAtMs(outcome).then((at) => at > 0), 60_000);
  return join(ROOT, 'bin/bb');
}

async function isStale(): Promise<boolean> {
  const sources = await readdir(join(ROOT, 'src'), { recursive: true });
  const times = await Promise.all(sources.map((path) => changedAtMs(join(ROOT, 'src', path))));
  return Math.max(...times) > (await changedAtMs(join(ROOT, 'dist/cli/main.js')));
}

/** 0 where there is nothing. */
function changedAtMs(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
