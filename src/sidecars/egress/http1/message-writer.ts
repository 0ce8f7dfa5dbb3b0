import type { Socket } from 'node:net';
import type { BodyFraming } from './body-framing.ts';

/** Up to here, copying bytes together costs less than another write. */
const COPIED_BYTES = 16_384;
/** From here on, giving memory back costs less than leaving it to the collection of garbage. */
const GIVEN_BACK_BYTES = 8192;
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

  /** `isSpent`: nobody looks at the chunk again, so that its memory is given back once it was sent. */
  write(chunk: Buffer, isSpent: boolean): boolean {
    if (chunk.length === 0) return true;
    if (!this.#isChunked) return this.#send('', chunk, '', isSpent);
    this.#waitForMore();
    return this.#send(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n', isSpent);
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

  #send(before: string, chunk: Buffer, after: string, isSpent: boolean): boolean {
    const prefix = this.#head + before;
    this.#head = '';
    if (prefix === '' && after === '') return this.#hand(chunk, isSpent);
    if (chunk.length <= COPIED_BYTES) {
      const whole = Buffer.allocUnsafe(prefix.length + chunk.length + after.length);
      whole.write(prefix, 'latin1');
      whole.set(chunk, prefix.length);
      if (after !== '') whole.write(after, prefix.length + chunk.length, 'latin1');
      return this.#hand(whole, true);
    }
    this.#socket.cork();
    if (prefix !== '') this.#socket.write(prefix, 'latin1');
    const hasRoom = this.#hand(chunk, isSpent);
    if (after !== '') this.#socket.write(after, 'latin1');
    this.#socket.uncork();
    return hasRoom;
  }

  /**
   * What is read lies outside of the heap, 16 KiB a piece: left to the collection of garbage, bulk asks for whole
   * collections, and goes through memory that no cache holds any more.
   */
  #hand(bytes: Buffer, isSpent: boolean): boolean {
    const { buffer } = bytes;
    const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length;
    if (!isSpent || !isAlone || bytes.length < GIVEN_BACK_BYTES) return this.#socket.write(bytes);
    return this.#socket.write(bytes, (error) => {
      // Of what failed, the kernel may not be done yet.
      if (error == null) buffer.transfer(0);
    });
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
