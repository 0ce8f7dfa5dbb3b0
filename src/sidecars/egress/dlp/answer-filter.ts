import type { BodyFilter, InboundHead, Verdict } from '../inspection.ts';
import type { CredentialMask, MaskedStream } from './credential-mask.ts';
import { InjectionPhrases } from './injection-phrases.ts';

/** What an answer's filter tells: never what it saw. */
export type InboundNote = 'reflected-credential' | 'injection-phrase';

type JudgedAnswer = Verdict<InboundHead> & { readonly body?: BodyFilter | null };

/**
 * Takes reflected credentials out of an answer, head and body, and notes instructions to a model. An answer in an
 * encoding that nobody asked for cannot be looked into, so it is blocked where it has a body.
 */
export function judgeAnswer(
  head: InboundHead,
  hasBody: boolean,
  mask: CredentialMask,
  note: (note: InboundNote) => void,
): JudgedAnswer {
  if (hasBody && isEncoded(head.headers)) {
    return {
      kind: 'block',
      detector: 'undecodable',
      reason: 'the answer is compressed although that was not asked for, so it cannot be looked at',
      try: 'ask the upstream for an uncompressed representation, or tell the operator',
    };
  }
  const body = new AnswerFilter(mask, note);
  if (!mask.isIn(head.headers.join('\n'))) return { kind: 'pass', body };
  const headers = head.headers.map((text, at) => (at % 2 === 1 ? mask.text(text) : text));
  if (headers.every((text, at) => text === head.headers[at])) return { kind: 'pass', body };
  note('reflected-credential');
  return { kind: 'replace', with: { ...head, headers }, detectors: ['known_secrets'], body };
}

function isEncoded(headers: readonly string[]): boolean {
  return headers.some(
    (name, at) =>
      at % 2 === 0 &&
      name.toLowerCase() === 'content-encoding' &&
      !/^(?:identity)?$/i.test(headers[at + 1]?.trim() ?? ''),
  );
}

class AnswerFilter implements BodyFilter {
  readonly #mask: CredentialMask;
  readonly #stream: MaskedStream;
  readonly #note: (note: InboundNote) => void;
  readonly #phrases = new InjectionPhrases();

  constructor(mask: CredentialMask, note: (note: InboundNote) => void) {
    this.#mask = mask;
    this.#stream = mask.stream();
    this.#note = note;
  }

  write(chunk: Buffer): Buffer {
    if (this.#phrases.sees(chunk)) this.#note('injection-phrase');
    const wasMasked = this.#stream.hasMasked;
    const passed = this.#stream.write(chunk);
    if (!wasMasked && this.#stream.hasMasked) this.#note('reflected-credential');
    return passed;
  }

  end(trailers: readonly string[]): {
    readonly rest: Buffer;
    readonly trailers: readonly string[];
  } {
    return { rest: this.#stream.end(), trailers: trailers.map((text) => this.#mask.text(text)) };
  }
}
