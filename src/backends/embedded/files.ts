import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { type ComponentRef, type CopiedFile, runtimeName } from '../../model/component.ts';
import { withSandbox } from './brief-sandbox.ts';
import type { RawResult } from './exec.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';
import type { Machine } from './machine.ts';
import { ownRecord } from './owned.ts';
import type { ContainerRecord } from './records.ts';
import { imageOf } from './sandbox-parts.ts';
import { fillHome } from './saved-home.ts';
import { type Place, refused, writeFiles } from './write-files.ts';

/**
 * Puts files into a container: from outside where nobody inside can have been or can write; everywhere else by a program
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
    return writeFiles({ base: etc, folder: folder.slice('/etc'.length), owner: null }, files);
  }
  const other = files.find(({ uid }) => uid !== record.spec.user.uid);
  if (other !== undefined) {
    throw refused(
      `${folder}/${other.path}`,
      `cannot belong to ${other.uid}: ${record.spec.user.uid} is the only user`,
    );
  }
  await fillHome(machine, ref);
  const untouched = untouchedHome(machine.layout, record, folder);
  if (untouched !== null) return writeFiles(untouched, files);
  const result = await withSandbox(machine, ref, {
    argv: ['tar', '-x', '--no-same-owner', '--preserve-permissions', '-C', folder],
    stdin: await tarOf(files),
  });
  if (result.exitCode !== 0) throw refused(folder, lastLine(result));
}

/** Room for what goes wrong beside a file that is one byte too large. */
const OF_ERRORS = 4096;
/** What was a file a moment ago may be a pipe by now, to which nobody writes. */
const READ_MS = 5_000;
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
  const result = await withSandbox(machine, ref, {
    argv,
    stdin: '',
    outputBytes: maxBytes + OF_ERRORS,
    timeoutMs: READ_MS,
  });
  if (result.exitCode === ABSENT) return null;
  if (result.exitCode === NO_FILE) throw refused(path, 'is not a file');
  if (result.exitCode !== 0) throw refused(path, lastLine(result));
  if (result.truncated || result.stdout.length > maxBytes) {
    throw refused(path, `is larger than ${maxBytes} bytes`);
  }
  return result.stdout;
}

/** The home of a container that never ran, when `folder` is there already and no mount is in the way. */
function untouchedHome(
  layout: EmbeddedLayout,
  { spec, hostUser }: ContainerRecord,
  folder: string,
): Place | null {
  const name = runtimeName(spec.identity);
  const image = imageOf(layout, spec);
  const { home: at } = image.onHost;
  // What it was saved with has links of an agent in it.
  if (at === null || image.home !== null || existsSync(layout.run(name))) return null;
  const isWithin = (path: string, above: string) => path === above || path.startsWith(`${above}/`);
  const isCovered = spec.mounts.some(
    ({ target }) => isWithin(target, folder) || isWithin(folder, target),
  );
  if (isCovered || !isWithin(folder, at)) return null;
  const { home } = rootParts(layout.root(name));
  const isThere = lstatSync(join(home, folder.slice(at.length)), { throwIfNoEntry: false });
  if (isThere?.isDirectory() !== true) return null;
  return { base: home, folder: folder.slice(at.length), owner: hostUser };
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
