import { spawn } from 'node:child_process';
import type { DiskUse } from '../../model/observed-state.ts';
import { isRoot } from './host-user.ts';
import { outerEnvironment } from './outer-environment.ts';
import { wayIn } from './start.ts';
import { throwUntried } from './untried.ts';

/** What a file takes at least: an empty one takes a place among those that a file system can have. */
export const FILE_BYTES = 4096;
const BLOCK_BYTES = 512;
const LIMIT_MS = 60_000;
/** Files of several names that are told apart; of more each name counts. */
const MOST_LINKED = 1_000_000;

/** inode, names and blocks of each; a folder has one name, whatever is in it. */
const PRINTED = ['-type', 'd', '-printf', '%i 1 %b\\n', '-o', '-printf', '%i %n %b\\n'];

/**
 * What is below `folder`, as `find` goes through it: step by step, so that depth is no way out of it, following no link,
 * and with the rights of whoever may read a folder that its owner closed. Ends where it is past `mostBytes`, so a tree
 * costs no more than its limit allows, and after a minute: what was counted until then is the least that it takes.
 */
export async function countFiles(
  folder: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<DiskUse> {
  signal.throwIfAborted();
  const find = ['find', folder, '-xdev', ...PRINTED];
  const [program = '', ...given] = isRoot() ? find : [...wayIn(null), ...find];
  const child = spawn(program, given, {
    ...{ cwd: '/', env: outerEnvironment(), stdio: ['ignore', 'pipe', 'ignore'] },
    ...{ signal, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  });
  throwUntried(child);
  const ended = new Promise<boolean>((resolve, reject) => {
    child.once('error', (error) => (error.name === 'AbortError' ? undefined : reject(error)));
    child.once('close', (code) => resolve(code !== null));
  });
  ended.catch(() => undefined);
  let bytes = 0;
  const linked = new Set<string>();
  let partial = '';
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    const lines = `${partial}${text}`.split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) {
      const [inode = '', names, blocks] = line.split(' ');
      if (names !== '1' && linked.has(inode)) continue;
      if (names !== '1' && linked.size < MOST_LINKED) linked.add(inode);
      bytes += Math.max(FILE_BYTES, Number(blocks) * BLOCK_BYTES);
    }
    if (bytes > mostBytes) child.kill('SIGKILL');
  });
  const isWhole = await ended;
  signal.throwIfAborted();
  return { bytes, isWhole };
}
