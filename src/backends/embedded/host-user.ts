import { createHash } from 'node:crypto';
import type { HostUser } from './records.ts';

/** Users that no distribution hands out: systemd's list of ranges leaves all of this one unused. */
const FIRST = 0x70000000;
const COUNT = 0x0ffffff0;

/**
 * The user that a bottle's agent is on the host, where we are root: one a bottle, so that what escapes from one is
 * nobody in another.
 */
export function bottleUser(directory: string, name: string, taken: ReadonlySet<number>): HostUser {
  for (let attempt = 0; ; attempt += 1) {
    const text = `${directory}\0${name}\0${attempt}`;
    const uid = FIRST + (createHash('sha256').update(text).digest().readUInt32LE(0) % COUNT);
    if (!taken.has(uid)) return { uid, gid: uid };
  }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
