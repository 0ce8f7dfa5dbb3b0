import type { EgressSecrets } from '../../../model/sidecar.ts';
import { type GzipAnchor, isGzipInBase64, MOST_PARTS } from './compressed-parts.ts';
import type { Finding } from './finding.ts';
import {
  ALPHANUMERIC_ALPHABET,
  ALPHANUMERIC_SYMBOLS,
  type NeedleHit,
  NeedleSet,
} from './needle-set.ts';
import { secretForms } from './secret-forms.ts';
import { inSlices, type Sliced } from './sliced.ts';

/** What base64 of gzip begins with, and the same read backwards. */
const COMPRESSED = ['h4si', 'is4h'] as const;
/** More findings say nothing more. */
const MOST_FINDINGS = 100;

/** What one pass over a text tells. */
export interface KnownSecretScan {
  readonly findings: readonly Finding[];
  /** Where base64 of gzip begins; one more than are looked into, at most. */
  readonly compressed: readonly GzipAnchor[];
}

/** Looks for every value that the sidecar holds, in all its forms at once. Made once for a table. */
export class KnownSecrets {
  readonly #needles: NeedleSet;
  readonly #names: readonly string[];

  constructor(secrets: EgressSecrets) {
    const forms = Object.entries(secrets).flatMap(([name, { value }]) =>
      secretForms(value.trim()).map((form) => ({ name, form })),
    );
    this.#names = forms.map(({ name }) => name);
    this.#needles = new NeedleSet(
      [...forms.map(({ form }) => form), ...COMPRESSED],
      ALPHANUMERIC_SYMBOLS,
      ALPHANUMERIC_ALPHABET,
    );
  }

  *scan(text: string): Sliced<KnownSecretScan> {
    const findings: Finding[] = [];
    const compressed: GzipAnchor[] = [];
    const take = ({ needle, start, end }: NeedleHit): void => {
      const name = this.#names[needle];
      if (name === undefined) {
        const isReversed = needle === this.#names.length + 1;
        const anchor = { at: isReversed ? end : start, isReversed };
        if (compressed.length <= MOST_PARTS && isGzipInBase64(text, anchor))
          compressed.push(anchor);
      } else if (findings.length < MOST_FINDINGS) {
        findings.push({ detector: 'known_secrets', rule: name, range: [start, end] });
      }
    };
    let state = 0;
    yield* inSlices(text, (from, to) => {
      state = this.#needles.find(text, take, state, from, to);
    });
    return { findings, compressed };
  }
}
