import { type Backend, BackendError } from '../backends/backend.ts';
import type { ComponentRef } from '../model/component.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const READER = 'dd if="$1" bs="$2" skip="$3" count=1 2>/dev/null | base64';

/**
 * Reads a file of a running container: by the backend, or where that is not supported by programs inside, piece by
 * piece, which the container's own user can make say anything. Null when there is none. @throws where it is too large.
 */
export async function readInside(
  backend: Backend,
  ref: ComponentRef,
  file: { readonly path: string; readonly maxBytes: number },
): Promise<Uint8Array | null> {
  try {
    return await backend.copyOut(ref, file.path, file.maxBytes);
  } catch (error) {
    if (!(error instanceof BackendError) || error.code !== 'not-supported') throw error;
    return readPieces(backend, ref, file);
  }
}

async function readPieces(
  backend: Backend,
  ref: ComponentRef,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<Uint8Array | null> {
  const pieces: Buffer[] = [];
  let total = 0;
  for (let piece: Buffer | null = null; piece === null || piece.length === PIECE_BYTES; ) {
    const { stdout } = await backend.exec(ref, {
      argv: ['sh', '-c', READER, 'sh', path, String(PIECE_BYTES), String(pieces.length)],
      user: null,
      timeoutMs: TIMEOUT_MS,
    });
    piece = Buffer.from(stdout, 'base64');
    pieces.push(piece);
    total += piece.length;
    if (total > maxBytes) {
      const message = `${path} is larger than ${maxBytes} bytes: it was not copied`;
      throw new BackendError({ code: 'failed', kind: 'terminal', message });
    }
  }
  return total === 0 ? null : Buffer.concat(pieces);
}
