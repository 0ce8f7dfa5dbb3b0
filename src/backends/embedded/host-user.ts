import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EmbeddedLayout } from './layout.ts';
import type { HostUser } from './records.ts';

/** Users that no distribution hands out: systemd's list of ranges leaves all of this one unused. */
const FIRST = 0x70000000;
const COUNT = 0x0ffffff0;

/**
 * The user that a bottle's agent is on the host, where we are root: one a bottle, so that what escapes from one is
 * nobody in another. A file of its number says whose it is; the same name is given the same user until it is released.
 */
export function claimUser({ directory, users }: EmbeddedLayout, name: string): HostUser {
  mkdirSync(users, { recursive: true, mode: 0o700 });
  for (let attempt = 0; ; attempt += 1) {
    const text = `${directory}\0${name}\0${attempt}`;
    const uid = FIRST + (createHash('sha256').update(text).digest().readUInt32LE(0) % COUNT);
    if (claim(join(users, String(uid)), name)) return { uid, gid: uid };
  }
}

/** Gives back what the bottle of this name was; nothing of it runs or is kept any more. */
export function releaseUser({ users }: EmbeddedLayout, user: HostUser, name: string): void {
  const path = join(users, String(user.uid));
  if (ownerOf(path) === name) rmSync(path, { force: true });
}

/** All that are given to somebody, with whom. */
export function claimedUsers({ users }: EmbeddedLayout): readonly {
  readonly user: HostUser;
  readonly name: string;
}[] {
  const files = existsSync(users) ? readdirSync(users) : [];
  return files.flatMap((file) => {
    const [uid, name] = [Number(file), ownerOf(join(users, file))];
    return name === null ? [] : [{ user: { uid, gid: uid }, name }];
  });
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function claim(path: string, name: string): boolean {
  const owner = ownerOf(path);
  if (owner !== null) return owner === name;
  try {
    writeFileSync(path, name, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return ownerOf(path) === name;
  }
}

/** Null when it is nobody's. */
function ownerOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
