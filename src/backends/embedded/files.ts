import { lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { type ComponentRef, type CopiedFile, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { withSandbox } from './brief-sandbox.ts';
import type { RawResult } from './exec.ts';
import { rootParts } from './layout.ts';
import type { Machine } from './machine.ts';
import { ownRecord } from './owned.ts';

/**
 * Puts files into a container: below `/etc` from outside, where nobody inside can write; everywhere else by a program
 * inside, as its user, so that a link that the agent placed leads nowhere but inside.
 */
export async function putFiles(
  machine: Machine,
  ref: ComponentRef,
  folder: string,
  files: readonly CopiedFile[],
): Promise<void> {
  const record = await ownRecord(machine.layout, ref);
  if (files.length === 0) return;
  if (folder === '/etc' || folder.startsWith('/etc/')) {
    const { etc } = rootParts(machine.layout.root(runtimeName(ref)));
    return writeBelow(join(etc, folder.slice('/etc'.length)), files);
  }
  const other = files.find(({ uid }) => uid !== record.spec.user.uid);
  if (other !== undefined) {
    throw refused(
      `${folder}/${other.path}`,
      `cannot belong to ${other.uid}: ${record.spec.user.uid} is the only user`,
    );
  }
  const result = await withSandbox(machine, ref, {
    argv: ['tar', '-x', '--no-same-owner', '--preserve-permissions', '-C', folder],
    stdin: await tarOf(files),
  });
  if (result.exitCode !== 0) throw refused(folder, lastLine(result));
}

const [ABSENT, NO_FILE] = [44, 45];
const READER = `[ -e "$1" ] || exit ${ABSENT}; [ -f "$1" ] || exit ${NO_FILE}; exec head -c "$2" -- "$1"`;

/** The content of the file at `path`; null when there is none. Throws when it is no file or too large. */
export async function getFile(
  machine: Machine,
  ref: ComponentRef,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | null> {
  await ownRecord(machine.layout, ref);
  const argv = ['sh', '-c', READER, 'sh', path, String(maxBytes + 1)];
  const result = await withSandbox(machine, ref, { argv, stdin: '' });
  if (result.exitCode === ABSENT) return null;
  if (result.exitCode === NO_FILE) throw refused(path, 'is not a file');
  if (result.exitCode !== 0) throw refused(path, lastLine(result));
  if (result.truncated || result.stdout.length > maxBytes) {
    throw refused(path, `is larger than ${maxBytes} bytes`);
  }
  return result.stdout;
}

/** Nothing in this folder was put there by anybody else, and still no link in the way is followed. */
async function writeBelow(folder: string, files: readonly CopiedFile[]): Promise<void> {
  for (const { path, content, mode } of files) {
    const target = join(folder, path);
    if (!target.startsWith(`${folder}/`)) throw refused(path, 'leads out of its folder');
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    for (let above = dirname(target); above.length >= folder.length; above = dirname(above)) {
      if (!(await lstat(above)).isDirectory()) throw refused(path, 'has a link in its way');
    }
    await rm(target, { force: true });
    if (content instanceof Uint8Array) await writeFile(target, content, { mode, flag: 'wx' });
    else await symlink(content.linkTo, target);
  }
}

async function tarOf(files: readonly CopiedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, content, mode } of files) {
    if (content instanceof Uint8Array) archive.entry({ name: path, mode }, Buffer.from(content));
    else archive.entry({ name: path, mode, type: 'symlink', linkname: content.linkTo });
  }
  archive.finalize();
  return buffer(archive);
}

function lastLine({ stderr }: RawResult): string {
  return stderr.toString('utf8').trimEnd().split('\n').at(-1)?.slice(0, 300) ?? '';
}

function refused(path: string, why: string): BackendError {
  return new BackendError({
    code: 'failed',
    kind: 'terminal',
    message: `${path} ${why}: it was not copied`,
  });
}
