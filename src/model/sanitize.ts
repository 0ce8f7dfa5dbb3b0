/**
 * A character that a person does not see, or that moves others: controls, escape sequences, bidi, surrogates, private
 * use, line ends, and all that renders as nothing (zero-width, Hangul fillers, variation selectors, tags) or as a blank
 * that is none (braille).
 */
export const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

const UNSEEN_IN_LINE = new RegExp(UNSEEN, 'gu');
const UNSEEN_IN_BLOCK = new RegExp(`(?!\\n)${UNSEEN.source}`, 'gu');

/**
 * The one place where text from outside (agents, repositories, peers, logs) is made fit for a terminal, a log or a
 * commit message: what is unseen is shown as an escape.
 */
export function sanitizeLine(raw: string, maxLength = 500): string {
  return shortened(escapeUnseen(raw, UNSEEN_IN_LINE), maxLength);
}

/** Like `sanitizeLine`, but keeps line feeds, for texts that are shown as a block. */
export function sanitizeBlock(raw: string, maxLength = 20_000): string {
  return shortened(escapeUnseen(raw, UNSEEN_IN_BLOCK), maxLength);
}

/** JSON stays JSON: its strings can say each of these in its own way. */
export function sanitizeJson(json: string): string {
  return json.replace(UNSEEN_IN_BLOCK, (character) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}

function escapeUnseen(raw: string, unseen: RegExp): string {
  return raw.replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
