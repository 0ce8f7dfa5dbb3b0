import type { EgressSecrets } from '../../../model/sidecar.ts';
import { NeedleTable } from './needle-table.ts';
import { base64Forms, SHORTEST_SECRET } from './secret-forms.ts';

/** Bytes that no needle has. */
const OTHER = 0;
const NOTHING = Buffer.alloc(0);

interface Form {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Puts `[bb:<name>]` in the place of secrets that an upstream sends back: as they are, in base64, and as URLs and JSON
 * write them. Made once for a table.
 */
export class CredentialMask {
  readonly #forms: readonly Form[];
  readonly #symbols: Uint8Array;
  readonly #table: NeedleTable;

  constructor(secrets: EgressSecrets) {
    this.#forms = Object.entries(secrets).flatMap(([name, { value }]) =>
      [...new Set(formsOf(value.trim()))].map((form) => ({ name, bytes: Buffer.from(form) })),
    );
    this.#symbols = new Uint8Array(256).fill(OTHER);
    let used = 1;
    for (const { bytes } of this.#forms) {
      for (const byte of bytes) {
        if (this.#symbols[byte] !== OTHER) continue;
        this.#symbols[byte] = used;
        used += 1;
      }
    }
    const needles = this.#forms.map(({ bytes }) =>
      [...bytes].map((byte) => this.#symbols[byte] ?? 0),
    );
    this.#table = new NeedleTable(needles, used);
  }

  /** Whether there is anything to be taken out of a text, over all of its lines. */
  isIn(sent: string): boolean {
    return this.#table.seek(Buffer.from(sent), 0, this.#symbols, { state: 0 }) !== -1;
  }

  /** A text of one piece. */
  text(sent: string): string {
    const stream = this.stream();
    return Buffer.concat([stream.write(Buffer.from(sent)), stream.end()]).toString();
  }

  /** A text that comes in pieces: only what may become a secret is kept back. */
  stream(): MaskedStream {
    return new MaskedStream(this.#forms, this.#symbols, this.#table);
  }
}

/** One text on its way; `hasMasked` tells whether anything was taken out. */
export class MaskedStream {
  readonly #forms: readonly Form[];
  readonly #symbols: Uint8Array;
  readonly #table: NeedleTable;
  readonly #cursor = { state: 0 };
  #kept: Buffer = NOTHING;
  hasMasked = false;

  constructor(forms: readonly Form[], symbols: Uint8Array, table: NeedleTable) {
    this.#forms = forms;
    this.#symbols = symbols;
    this.#table = table;
  }

  write(chunk: Buffer): Buffer {
    const before = this.#kept.length;
    const bytes = before === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const parts: Buffer[] = [];
    let passed = 0;
    for (let last = this.#seek(bytes, before); last !== -1; last = this.#seek(bytes, passed)) {
      const form = this.#forms[this.#table.endingAt(this.#cursor.state)];
      if (form === undefined) throw new Error('a needle ends that is no form');
      const start = Math.max(passed, last + 1 - form.bytes.length);
      parts.push(bytes.subarray(passed, start), Buffer.from(`[bb:${form.name}]`));
      // Reading goes on where it is: a longer secret may begin with this one.
      passed = last + 1;
      this.hasMasked = true;
    }
    const keptFrom = Math.max(passed, bytes.length - this.#table.depthOf(this.#cursor.state));
    const last = bytes.subarray(passed, keptFrom);
    // A copy: what was given belongs to whoever reads the connection.
    this.#kept = keptFrom === bytes.length ? NOTHING : Buffer.from(bytes.subarray(keptFrom));
    return parts.length === 0 ? last : Buffer.concat([...parts, last]);
  }

  #seek(bytes: Buffer, from: number): number {
    return this.#table.seek(bytes, from, this.#symbols, this.#cursor);
  }

  end(): Buffer {
    return this.#kept;
  }
}

function formsOf(value: string): readonly string[] {
  if (value.length < SHORTEST_SECRET) return [];
  const read = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
  const encoded = base64Forms(Buffer.from(value));
  const urlSafe = encoded.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...read, ...encoded, ...urlSafe];
}
