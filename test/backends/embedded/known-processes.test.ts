import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { createKnownProcesses } from '../../../src/backends/embedded/known-processes.ts';
import {
  childrenOf,
  identify,
  type ProcessIdentity,
} from '../../../src/backends/embedded/process-table.ts';

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

it('a process that lives is told so each time, and no more from the moment on that it ended', async () => {
  const known = createKnownProcesses();
  const [one, other] = [begin('sleep', '1000'), begin('sleep', '1000')];
  const [ends, stays] = [identityOf(one), identityOf(other)];
  expect([ends, stays, ends, stays].map(known.isAlive)).toEqual([true, true, true, true]);
  one.kill('SIGKILL');
  await once(one, 'exit');
  expect([ends, stays, ends, stays].map(known.isAlive)).toEqual([false, true, false, true]);
});

it('a process that ended and was not taken note of is not alive', async () => {
  const known = createKnownProcesses();
  // Its parent becomes a program that never asks after it.
  const parent = begin('sh', '-c', 'sleep 1000 & exec sleep 1000');
  await expect.poll(() => childrenOf(parent.pid ?? 0).length).toBe(1);
  const child = identityOf({ pid: childrenOf(parent.pid ?? 0)[0] });
  expect(known.isAlive(child)).toBe(true);
  process.kill(child.pid, 'SIGKILL');
  await expect.poll(() => known.isAlive(child)).toBe(false);
  expect(identify(child.pid)).toEqual(child);
});

it('who has the pid of another process is not that process, whoever of them is asked for first', () => {
  const known = createKnownProcesses();
  const now = identityOf(begin('sleep', '1000'));
  const before = { ...now, startTicks: String(Number(now.startTicks) - 1) };
  const elsewhere = { ...now, bootId: 'another' };
  const asked = [now, before, elsewhere, now, elsewhere, before, now];
  expect(asked.map(known.isAlive)).toEqual([true, false, false, true, false, false, true]);
});

it('beyond its number of descriptors it looks processes up, with the same answers', async () => {
  const known = createKnownProcesses(1);
  const [one, other] = [begin('sleep', '1000'), begin('sleep', '1000')];
  const both = [identityOf(one), identityOf(other)];
  expect(both.map(known.isAlive)).toEqual([true, true]);
  expect(descriptorsOf(both)).toBe(1);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(both.map(known.isAlive)).toEqual([true, false]);
});

it('descriptors of those that ended are closed, also when nobody asks for these any more', async () => {
  const known = createKnownProcesses();
  const children = Array.from({ length: 40 }, () => begin('sleep', '1000'));
  const identities = children.map(identityOf);
  expect(identities.every(known.isAlive)).toBe(true);
  expect(descriptorsOf(identities)).toBe(40);
  const ended = children.slice(1).map((child) => once(child, 'exit'));
  for (const child of children.slice(1)) child.kill('SIGKILL');
  await Promise.all(ended);
  for (let looks = 0; looks < 4; looks += 1) known.forgetSome();
  expect(descriptorsOf(identities)).toBe(1);
  expect(known.isAlive(identityOf(children[0] ?? {}))).toBe(true);
});

function begin(program: string, ...argv: readonly string[]): ChildProcess {
  const child = spawn(program, argv, { stdio: 'ignore' });
  started.push(child);
  return child;
}

function identityOf({ pid }: { readonly pid?: number | undefined }): ProcessIdentity {
  const identity = identify(pid ?? 0);
  if (identity === null) throw new Error(`nobody runs as ${pid}`);
  return identity;
}

/** How many descriptors of this process are of those. */
function descriptorsOf(identities: readonly ProcessIdentity[]): number {
  const paths = new Set(identities.map(({ pid }) => `/proc/${pid}/statm`));
  return readdirSync('/proc/self/fd').filter((descriptor) => paths.has(target(descriptor))).length;
}

function target(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}
