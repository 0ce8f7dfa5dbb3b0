import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryBeside } from './records.ts';

/**
 * Places a file of the host's `/etc` into a bottle's. All bottles share one copy, which is made anew when the host's
 * file changed: each bottle has a link to it, which costs nothing. Absent on the host = absent there.
 */
export function placeHostFile(hostEtc: string, name: string, folder: string): void {
  const stats = statSync(join('/etc', name), { throwIfNoEntry: false });
  if (stats === undefined) return;
  const copy = join(hostEtc, `${name}.${stats.ino}.${stats.size}.${stats.mtimeMs}`);
  const target = join(folder, name);
  const placed = statSync(target, { throwIfNoEntry: false });
  const kept = statSync(copy, { throwIfNoEntry: false }) ?? makeCopy(join('/etc', name), copy);
  if (placed?.ino === kept.ino) return;
  rmSync(target, { force: true });
  linkSync(copy, target);
}

function makeCopy(source: string, copy: string) {
  mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
  const temporary = temporaryBeside(copy);
  copyFileSync(source, temporary);
  renameSync(temporary, copy);
  return statSync(copy);
}
