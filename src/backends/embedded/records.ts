import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { link, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContainerSpec } from '../../model/component.ts';
import type { ProcessIdentity } from './process-table.ts';

/** A container as it was asked for. Holds the environment, secrets included: mode 0600. */
export interface ContainerRecord {
  readonly spec: ContainerSpec;
  readonly env: { readonly [name: string]: string };
  /** Who it runs as on the host; null = as we do. */
  readonly hostUser: HostUser | null;
  readonly createdAt: string;
}

export interface HostUser {
  readonly uid: number;
  readonly gid: number;
}

/** A container that was started. */
export interface RunRecord {
  /** bubblewrap outside: in the user namespace that entering begins with. */
  readonly monitor: ProcessIdentity;
  /** First process of the container's pid namespace; when it is killed, so is all in there. */
  readonly init: ProcessIdentity;
  /** Whose network namespace it was started in, or listens in. */
  readonly network: ProcessIdentity;
}

/** Null when there is none or it is not one of ours. */
export function readRecord(path: string): ContainerRecord | null {
  const value = readJson(path);
  return typeof value === 'object' && value !== null && 'spec' in value && 'env' in value
    ? (value as ContainerRecord)
    : null;
}

export function readRun(path: string): RunRecord | null {
  const value = readJson(path);
  return typeof value === 'object' && value !== null && 'init' in value && 'monitor' in value
    ? (value as RunRecord)
    : null;
}

/** Replaces the file whole. It is not waited for on the disk: no run outlives a crash of the machine. */
export function writeRun(path: string, run: RunRecord): void {
  const temporary = temporaryBeside(path);
  writeFileSync(temporary, JSON.stringify(run), { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}

/** Makes the file whole; false when there was one. */
export async function createJson(path: string, value: unknown): Promise<boolean> {
  const temporary = await writeBeside(path, value);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** True when something bears the name, whatever it is. */
export async function isThere(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/** A new name beside `path` that tells who made it, and makes the folder of both. */
export function temporaryBeside(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
}

async function writeBeside(path: string, value: unknown): Promise<string> {
  const temporary = temporaryBeside(path);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
