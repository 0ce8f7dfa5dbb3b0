/**
 * The one place where text from outside (agents, repositories, peers, logs) is made fit for a terminal, a log or a
 * commit message: control characters, escape sequences, bidi and zero-width characters are shown as escapes.
 */
export function sanitizeLine(raw: string, maxLength = 500): string {
  const shown = escapeUnprintable(raw, /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu);
  return shown.length <= maxLength ? shown : `${shown.slice(0, maxLength - 1)}…`;
}

/** Like `sanitizeLine`, but keeps line feeds, for texts that are shown as a block. */
export function sanitizeBlock(raw: string, maxLength = 20_000): string {
  const shown = escapeUnprintable(raw, /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu);
  return shown.length <= maxLength ? shown : `${shown.slice(0, maxLength - 1)}…`;
}

function escapeUnprintable(raw: string, unprintable: RegExp): string {
  return raw.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
