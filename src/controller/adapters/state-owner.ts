import { lstat, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { gitProcess } from './git-process.ts';
import { readJson, writeJson } from './json-file.ts';

const record = z.object({ gitDirectory: z.string() });

/**
 * Records which repository a fleet's state directory belongs to, and gives the one that it belongs to when that is
 * another: two fleets of one name would take each other's bottles for leftovers. Working trees of one repository are
 * the same; a repository that is no longer there has lost its claim.
 */
export async function claimState(
  stateDirectory: string,
  repository: string,
): Promise<{ readonly claimed: true } | { readonly claimed: false; readonly owner: string }> {
  const path = join(stateDirectory, 'repository.json');
  const owner = record.safeParse(await readJson(path)).data?.gitDirectory ?? null;
  if (owner !== null && (await isPlainlyOf(repository, owner))) return { claimed: true };
  const gitDirectory = await commonDirectory(repository);
  if (owner === gitDirectory) return { claimed: true };
  if (owner !== null && (await exists(owner))) return { claimed: false, owner };
  await writeJson(path, { gitDirectory });
  return { claimed: true };
}

/** What most often is so, and takes no process to see: the folder is where its `.git` folder is. */
async function isPlainlyOf(repository: string, owner: string): Promise<boolean> {
  const stats = await lstat(join(repository, '.git')).catch(() => null);
  return stats?.isDirectory() === true && owner === join(await realpath(repository), '.git');
}

async function commonDirectory(repository: string): Promise<string> {
  const { stdout } = await gitProcess(repository).run(['rev-parse', '--git-common-dir']);
  return realpath(resolve(repository, stdout.trim()));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
