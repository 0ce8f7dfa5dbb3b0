import type { EgressSecrets } from '../../../model/sidecar.ts';
import type { Finding } from './finding.ts';
import { ALPHANUMERIC_ALPHABET, ALPHANUMERIC_SYMBOLS, NeedleSet } from './needle-set.ts';
import { secretForms } from './secret-forms.ts';

/** What base64 of gzip begins with, and the same read backwards. */
const COMPRESSED = ['h4si', 'is4h'] as const;
/** More findings say nothing more. */
const MOST_FINDINGS = 100;

/** What one pass over a text tells. */
export interface KnownSecretScan {
  readonly findings: readonly Finding[];
  /** Where base64 of gzip may begin, or, read backwards, end. */
  readonly compressed: readonly { readonly at: number; readonly isReversed: boolean }[];
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

  scan(text: string): KnownSecretScan {
    const findings: Finding[] = [];
    const compressed: { at: number; isReversed: boolean }[] = [];
    this.#needles.find(text, ({ needle, start, end }) => {
      const name = this.#names[needle];
      if (name === undefined) {
        const isReversed = needle === this.#names.length + 1;
        compressed.push({ at: isReversed ? end : start, isReversed });
      } else if (findings.length < MOST_FINDINGS) {
        findings.push({ detector: 'known_secrets', rule: name, range: [start, end] });
      }
    });
    return { findings, compressed };
  }
}
