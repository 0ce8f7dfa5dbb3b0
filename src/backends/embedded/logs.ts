import { open, watch } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const PIECE_BYTES = 64 * 1024;

/** The lines of a log file, and those that are added while `follow` is on and `signal` has not come. */
export async function* fileLines(
  path: string,
  options: { readonly follow: boolean; readonly tail: number | null; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { signal } = options;
  const changes = watch(path, { signal });
  const file = await open(path, 'r');
  const decoder = new StringDecoder('utf8');
  let position = 0;
  let rest = '';
  const read = async () => {
    const { size } = await file.stat();
    if (size < position) position = 0;
    const lines: string[] = [];
    for (;;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.alloc(PIECE_BYTES),
        0,
        PIECE_BYTES,
        position,
      );
      if (bytesRead === 0) return lines;
      position += bytesRead;
      const parts = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = (parts.pop() ?? '').slice(0, PIECE_BYTES);
      lines.push(...parts);
    }
  };
  try {
    const before = await read();
    const last = options.follow || rest === '' ? [] : [rest];
    const all = [...before, ...last];
    yield* options.tail === null ? all : all.slice(Math.max(0, all.length - options.tail));
    if (!options.follow) return;
    for await (const _change of changes) yield* await read();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await file.close();
    await changes.return?.(undefined);
  }
}
