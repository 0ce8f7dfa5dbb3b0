import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import type { CopiedFile } from '../../model/component.ts';
import { foldersOf } from '../../model/folders-of.ts';
import { BackendError } from '../backend.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './engine-error.ts';
import { isPodman } from './podman.ts';

/** A tar of `files`, in their order; folders that they need belong to the owner of the first file in them. */
export async function tarOf(files: readonly CopiedFile[]): Promise<Buffer> {
  const archive = pack();
  const folders = new Set<string>();
  for (const { path, content, mode, uid, gid } of files) {
    for (const folder of foldersOf(path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      archive.entry({ name: folder, type: 'directory', mode: 0o755, uid, gid });
    }
    const shared = { name: path, mode, uid, gid };
    if (content instanceof Uint8Array) archive.entry(shared, Buffer.from(content));
    else archive.entry({ ...shared, type: 'symlink', linkname: content.linkTo });
  }
  archive.finalize();
  return buffer(archive);
}

/** Puts `files` below `folder`, which must exist; works on a container that was never started. */
export async function putFiles(
  engine: Engine,
  containerId: string,
  folder: string,
  files: readonly CopiedFile[],
): Promise<void> {
  if (files.length === 0) return;
  const container = engine.calls.getContainer(containerId);
  // Podman would make the folder.
  if (isPodman(engine)) await container.infoArchive({ path: folder });
  await container.putArchive(await tarOf(files), { path: folder, noOverwriteDirNonDir: 'true' });
}

/** The content of the file at `path`; null when there is none. Throws when it is no file or too large. */
export async function getFile(
  engine: Engine,
  containerId: string,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | null> {
  const archive = await openArchive(engine, containerId, path);
  if (archive === null) return null;
  const entries = extract();
  archive.on('error', (error) => entries.destroy(error));
  try {
    for await (const entry of archive.pipe(entries)) {
      const { type, size } = entry.header;
      if (type !== 'file') throw refused(path, `is a ${type ?? 'thing of an unknown kind'}`);
      if ((size ?? 0) > maxBytes) throw refused(path, `is larger than ${maxBytes} bytes`);
      return await buffer(entry);
    }
    return null;
  } finally {
    archive.destroy();
  }
}

async function openArchive(engine: Engine, containerId: string, path: string) {
  try {
    const stream = await engine.streams.getContainer(containerId).getArchive({ path });
    return stream as Readable;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

function refused(path: string, why: string): BackendError {
  return new BackendError({
    code: 'failed',
    kind: 'terminal',
    message: `${path} ${why}: it was not copied`,
  });
}
