import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** An object as git stores it. */
export interface GitObject {
  readonly type: 'commit' | 'tree' | 'blob';
  readonly content: Uint8Array;
}

/** Numbers of the pack format. */
const TYPE = { commit: 1, tree: 2, blob: 3 } as const;

/** The id that git gives the object; 64 digits long in a repository of SHA-256. */
export function objectId({ type, content }: GitObject, idLength: number): string {
  return createHash(algorithm(idLength))
    .update(`${type} ${content.length}\0`)
    .update(content)
    .digest('hex');
}

/** Objects as one pack, for `git unpack-objects`: any number of them is written by one process. */
export function packOf(objects: readonly GitObject[], idLength: number): Uint8Array {
  const header = Buffer.alloc(12);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  const body = Buffer.concat([
    header,
    ...objects.flatMap(({ type, content }) => [
      entryHeader(TYPE[type], content.length),
      deflateSync(content),
    ]),
  ]);
  return Buffer.concat([body, createHash(algorithm(idLength)).update(body).digest()]);
}

/** Type and size in groups of seven bits, the lowest first; the first group has four of the size. */
function entryHeader(type: number, size: number): Uint8Array {
  const bytes: number[] = [];
  let byte = (type << 4) | (size & 15);
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 128);
    byte = rest & 127;
  }
  return Uint8Array.from([...bytes, byte]);
}

function algorithm(idLength: number): 'sha1' | 'sha256' {
  return idLength === 64 ? 'sha256' : 'sha1';
}
