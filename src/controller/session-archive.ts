import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';

/** A file of an archive. */
export interface ArchivedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const MAX_FILES = 10_000;

/**
 * The plain files of a tar archive whose path matches `pattern`, in which `*` stands for anything within a name. Whoever
 * wrote the archive is not trusted: what is damaged ends the list, and what is no such file is left out. Never throws.
 */
export async function filesOfArchive(
  archive: Uint8Array,
  pattern: string,
): Promise<readonly ArchivedFile[]> {
  const isWanted = matcherOf(pattern);
  const files: ArchivedFile[] = [];
  const entries = extract();
  entries.end(archive);
  try {
    for await (const entry of entries) {
      const { name: path, type } = entry.header;
      if (type === 'file' && isWanted(path)) files.push({ path, content: await buffer(entry) });
      else entry.resume();
      if (files.length === MAX_FILES) break;
    }
  } catch {
    // What came before the damage is whole.
  }
  return files;
}

function matcherOf(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/').map((part) => {
    const literals = part.split('*').map((text) => text.replace(/[.+]/g, '\\$&'));
    return new RegExp(`^${literals.join('[^\\p{Cc}/]*')}$`, 'u');
  });
  return (path) => {
    const names = path.split('/');
    return (
      names.length === parts.length &&
      names.every((name, index) => isPlain(name) && parts[index]?.test(name) === true)
    );
  };
}

function isPlain(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..';
}
