import type { Readable } from 'node:stream';

/** Calls `onLine` with each line of UTF-8; a line over `maxBytes` destroys the stream, keeping nothing of it. */
export function readLines(
  stream: Readable,
  maxBytes: number,
  onLine: (line: string) => void,
): void {
  let pieces: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(10, at);
      const piece = chunk.subarray(at, end === -1 ? undefined : end);
      pieces.push(piece);
      length += piece.length;
      if (length > maxBytes) {
        pieces = [];
        stream.destroy(new Error(`a line is longer than ${maxBytes} bytes`));
        return;
      }
      if (end === -1) return;
      const line = Buffer.concat(pieces).toString('utf8');
      pieces = [];
      length = 0;
      at = end + 1;
      onLine(line);
    }
  });
}
