import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';

/** A file of an archive. */
export interface ArchivedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const MAX_FILES = 10_000;
const MAX_NAME_BYTES = 255;

/**
 * The plain files of a tar archive whose path matches `pattern`, in which `*` stands for anything within a name. Whoever
 * wrote the archive is not trusted: what is damaged ends the list, what is no such file is left out, and of two of one
 * name the first is taken. Never throws.
 */
export async function filesOfArchive(
  archive: Uint8Array,
  pattern: string,
): Promise<readonly ArchivedFile[]> {
  const isWanted = matcherOf(pattern);
  const files = new Map<string, ArchivedFile>();
  const entries = extract();
  entries.end(archive);
  try {
    for await (const entry of entries) {
      const { name: path, type } = entry.header;
      if (type === 'file' && isWanted(path) && !files.has(path)) {
        files.set(path, { path, content: await buffer(entry) });
      } else {
        entry.resume();
      }
      if (files.size === MAX_FILES) break;
    }
  } catch {
    // What came before the damage is whole.
  }
  return [...files.values()];
}

function matcherOf(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/').map((part) => part.split('*'));
  return (path) => {
    const names = path.split('/', parts.length + 1);
    return (
      names.length === parts.length &&
      names.every((name, index) => isPlain(name) && isOf(parts[index] ?? [], name))
    );
  };
}

/** What a file system takes as a name, and a terminal as text. */
function isPlain(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  return Buffer.byteLength(name) <= MAX_NAME_BYTES && !/\p{Cc}/u.test(name);
}

/** Whether the literals are in the name, in their order, with anything between them. Linear, whatever the name is. */
function isOf(literals: readonly string[], name: string): boolean {
  const [first = '', ...others] = literals;
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const literal of others) {
    const found = name.indexOf(literal, at);
    if (found === -1) return false;
    at = found + literal.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}
