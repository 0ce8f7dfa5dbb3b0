import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { CopiedFile } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { makeOpenFolder } from './open-to-others.ts';
import type { HostUser } from './records.ts';

/** A folder of the host that nobody inside writes to while we do. */
export interface Place {
  readonly base: string;
  /** Below `base`, as it is called inside. */
  readonly folder: string;
  /** Whose the files are to be; null = ours. */
  readonly owner: HostUser | null;
}

/** Writes files below a place of ours. Nothing there was put by anybody else, and still no link in the way is followed. */
export function writeFiles({ base, folder, owner }: Place, files: readonly CopiedFile[]): void {
  for (const { path, content, mode } of files) {
    const target = join(base, folder, path);
    if (!target.startsWith(`${join(base, folder)}${sep}`)) {
      throw refused(path, 'leads out of its folder');
    }
    makeFolders(base, dirname(target), owner);
    rmSync(target, { force: true });
    if (content instanceof Uint8Array) {
      writeFileSync(target, content, { mode, flag: 'wx' });
      chmodSync(target, mode);
    } else symlinkSync(content.linkTo, target);
    if (owner !== null) lchownSync(target, owner.uid, owner.gid);
  }
}

export function refused(path: string, why: string): BackendError {
  return new BackendError({
    code: 'failed',
    kind: 'terminal',
    message: `${path} ${why}: it was not copied`,
  });
}

function makeFolders(base: string, folder: string, owner: HostUser | null): void {
  let above = base;
  for (const name of relative(base, folder).split(sep).filter(Boolean)) {
    above = join(above, name);
    const stats = lstatSync(above, { throwIfNoEntry: false });
    if (stats?.isDirectory() === false) throw refused(above, 'is in the way');
    if (stats !== undefined) continue;
    makeOpenFolder(above);
    if (owner !== null) chownSync(above, owner.uid, owner.gid);
  }
}
