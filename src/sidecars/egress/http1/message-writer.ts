import type { Socket } from 'node:net';
import type { BodyFraming } from './body-framing.ts';

/** Up to here, copying bytes together costs less than another write. */
const COPIED_BYTES = 16_384;
const FINAL_CHUNK = '0\r\n\r\n';

/**
 * Writes one message to a connection. The head waits for the first bytes of the body, so that a small message is one
 * write, one TLS record and most often one packet.
 */
export class MessageWriter {
  readonly #socket: Socket;
  #head = '';
  #isChunked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  begin(head: string, framing: BodyFraming): void {
    this.#head = head;
    this.#isChunked = framing.kind === 'chunked';
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true;
    if (!this.#isChunked) return this.#send('', chunk, '');
    this.#waitForMore();
    return this.#send(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n');
  }

  /** Sends the head where nothing has taken it along yet. */
  flush(): void {
    if (this.#head === '') return;
    const head = this.#head;
    this.#head = '';
    this.#socket.write(head, 'latin1');
  }

  end(trailers: readonly string[]): void {
    if (!this.#isChunked) {
      this.flush();
      return;
    }
    const last = trailers.length === 0 ? FINAL_CHUNK : `0\r\n${headerText(trailers)}\r\n`;
    const text = this.#head + last;
    this.#head = '';
    this.#socket.write(text, 'latin1');
  }

  /** What is framed by chunks most often ends in the same turn: its end goes out with it. */
  #waitForMore(): void {
    if (this.#socket.writableCorked > 0) return;
    this.#socket.cork();
    process.nextTick(() => this.#socket.uncork());
  }

  #send(before: string, chunk: Buffer, after: string): boolean {
    const prefix = this.#head + before;
    this.#head = '';
    if (prefix === '' && after === '') return this.#socket.write(chunk);
    if (chunk.length <= COPIED_BYTES) {
      const whole = Buffer.allocUnsafe(prefix.length + chunk.length + after.length);
      whole.write(prefix, 'latin1');
      whole.set(chunk, prefix.length);
      if (after !== '') whole.write(after, prefix.length + chunk.length, 'latin1');
      return this.#socket.write(whole);
    }
    this.#socket.cork();
    if (prefix !== '') this.#socket.write(prefix, 'latin1');
    const hasRoom = this.#socket.write(chunk);
    if (after !== '') this.#socket.write(after, 'latin1');
    this.#socket.uncork();
    return hasRoom;
  }
}

/** Header lines from name, value, name, value. */
export function headerText(headers: readonly string[]): string {
  let text = '';
  for (let index = 0; index < headers.length; index += 2) {
    text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  return text;
}

/** What says how long the body is, where the headers do not say it themselves. */
export function framingLine(framing: BodyFraming): string {
  return framing.kind === 'chunked' ? 'transfer-encoding: chunked\r\n' : '';
}
