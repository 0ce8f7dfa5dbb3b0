/**
 * Replaces `$name`, `${name}`, `${name:-word}` and `${name:+word}`; a name without a value is nothing. `\$` is a dollar.
 */
export function substitute(text: string, values: ReadonlyMap<string, string>): string {
  const pattern = /\\\$|\$\{(\w+)(?::([-+])([^}]*))?\}|\$(\w+)/g;
  return text.replace(
    pattern,
    (whole, braced?: string, operator?: string, word = '', bare = '') => {
      if (whole === '\\$') return '$';
      const value = values.get(braced ?? bare) ?? '';
      if (operator === '-') return value === '' ? word : value;
      if (operator === '+') return value === '' ? '' : word;
      return value;
    },
  );
}

/**
 * Words of an instruction, without the quotes that hold spaces together. What is not to be substituted is left with a
 * backslash, so `substitute` comes after it.
 */
export function wordsOf(text: string): readonly string[] {
  const words = text.match(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g) ?? [];
  return words.map(unquoted);
}

function unquoted(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g,
    (_, double?: string, single?: string, escaped = '') =>
      double?.replace(/\\(["\\])/g, '$1') ??
      single?.replaceAll('$', '\\$') ??
      (escaped === '$' ? '\\$' : escaped),
  );
}

/** The list of a JSON form, `["a", "b"]`; null when it is none. */
export function jsonWords(text: string): readonly string[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : null;
  } catch {
    return null;
  }
}
