import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify, isAlive } from '../../../src/backends/embedded/process-table.ts';
import { gitProcess } from '../../../src/controller/adapters/git-process.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-git-process-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A command of git's that starts another program, as it does to sign or to reach a remote, and waits for it. */
const calling = (script: string) => ['-c', `alias.call=!${script}`, 'call'];

function startedPid(): number {
  try {
    return Number(readFileSync(join(folder, 'started'), 'utf8'));
  } catch {
    return 0;
  }
}

function runs(pid: number): boolean {
  const identity = identify(pid);
  return identity !== null && isAlive(identity);
}

describe('a git command with a limit', () => {
  const waiting = () => calling(`sleep 60 & echo $! > ${folder}/started; wait`);

  it('is over when its time is, with what it started, whoever holds its output', async () => {
    const git = gitProcess(folder);
    const { exitCode, stderr } = await git.run(waiting(), { timeoutMs: 1_000 });
    expect({ exitCode, stderr }).toEqual({ exitCode: 128, stderr: 'no answer in 1000 ms' });
    await expect.poll(() => runs(startedPid())).toBe(false);
  });

  it('is over when it is called off, also before it began', async () => {
    const git = gitProcess(folder);
    const ended = new AbortController();
    const running = git.run(waiting(), { signal: ended.signal });
    await expect.poll(startedPid).toBeGreaterThan(0);
    ended.abort();
    expect((await running).stderr).toBe('it was called off');
    await expect.poll(() => runs(startedPid())).toBe(false);
    expect((await git.run(waiting(), { signal: ended.signal })).stderr).toBe('it was called off');
  });

  it('has ended by itself before, with what it said', async () => {
    const { signal } = new AbortController();
    const called = gitProcess(folder).run(calling('echo done; exit 3'), {
      ...{ signal, timeoutMs: 60_000 },
    });
    expect(await called).toEqual({ exitCode: 3, stdout: 'done\n', stderr: '' });
  });
});
