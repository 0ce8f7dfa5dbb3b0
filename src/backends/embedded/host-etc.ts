import { createHash } from 'node:crypto';
import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { writeOpenFile } from './open-to-others.ts';
import { temporaryBeside } from './records.ts';

/**
 * Places a file of the host's `/etc` into a bottle's. All bottles share one copy, which is made anew when the host's
 * file changed: each bottle has a link to it, which costs nothing. Absent on the host = absent there.
 */
export function placeHostFile(hostEtc: string, name: string, folder: string): void {
  const stats = statSync(join('/etc', name), { throwIfNoEntry: false });
  if (stats === undefined) return;
  const copy = `${hostEtc}/${name}.${stats.ino}.${stats.size}.${stats.mtimeMs}`;
  place(copy, `${folder}/${name}`, (temporary) => copyFileSync(join('/etc', name), temporary));
}

/** Places a text that many bottles have, of which all share one copy too. */
export function placeSharedText(hostEtc: string, text: string, target: string): void {
  const copy = `${hostEtc}/text.${createHash('sha256').update(text).digest('hex')}`;
  place(copy, target, (temporary) => writeOpenFile(temporary, text));
}

function place(copy: string, target: string, make: (temporary: string) => void): void {
  const placed = lstatSync(target, { throwIfNoEntry: false });
  const kept = statSync(copy, { throwIfNoEntry: false }) ?? makeCopy(copy, make);
  if (placed?.ino === kept.ino) return;
  if (placed !== undefined) rmSync(target, { force: true });
  linkSync(copy, target);
}

function makeCopy(copy: string, make: (temporary: string) => void): Stats {
  mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
  const temporary = temporaryBeside(copy);
  make(temporary);
  renameSync(temporary, copy);
  return statSync(copy);
}
