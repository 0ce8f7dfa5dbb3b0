import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';

/** Deletes `folder` after everything that is still mounted below it was unmounted, innermost first. */
export async function removeFolderWithMounts(folder: string): Promise<void> {
  for (const target of await mountsBelow(folder)) {
    execFileSync('umount', ['--lazy', target], { stdio: 'ignore' });
  }
  await rm(folder, { recursive: true, force: true });
}

async function mountsBelow(folder: string): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}
