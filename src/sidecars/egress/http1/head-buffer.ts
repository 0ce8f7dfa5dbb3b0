const END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** What `HeadBuffer.take` found. */
export type TakenHead =
  | {
      readonly kind: 'head';
      /** Without its last empty line. */
      readonly text: string;
      /** What came after it. */
      readonly rest: Buffer;
    }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'too-long' }
  /** A line ends in LF alone. */
  | { readonly kind: 'bare-line-feed' };

const INCOMPLETE: TakenHead = { kind: 'incomplete' };

/** Collects bytes until they hold a whole head. */
export class HeadBuffer {
  readonly #maxBytes: number;
  #held: Buffer = NOTHING;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  take(chunk: Buffer): TakenHead {
    // One byte that is held may be the first half of an empty line.
    const seen = this.#held.length > 1 ? this.#held.length : 0;
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (seen === 0) bytes = withoutEmptyLines(bytes);
    const end = bytes.indexOf(END, Math.max(0, seen - 3));
    if (end === -1) {
      this.#held = bytes;
      if (bytes.length > this.#maxBytes) return { kind: 'too-long' };
      return hasBareLineFeed(bytes, seen) ? { kind: 'bare-line-feed' } : INCOMPLETE;
    }
    this.#held = NOTHING;
    if (end > this.#maxBytes) return { kind: 'too-long' };
    const text = bytes.toString('latin1', 0, end + 2);
    return { kind: 'head', text, rest: bytes.subarray(end + 4) };
  }
}

/** Old clients end a body with a line end that is not part of it. */
function withoutEmptyLines(bytes: Buffer): Buffer {
  let start = 0;
  while (bytes[start] === RETURN && bytes[start + 1] === LINE_FEED) start += 2;
  return start === 0 ? bytes : bytes.subarray(start);
}

function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LINE_FEED, from); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (at === 0 || bytes[at - 1] !== RETURN) return true;
  }
  return false;
}
