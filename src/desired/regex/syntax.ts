import { ANY, type CharSet, CLASSES, charSet, complement } from './char-set.ts';

/** The part of the regular expression language that can be proven to run in linear time. */
export type Regex =
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] }
  | { readonly kind: 'repeat'; readonly body: Regex; readonly min: number; readonly max: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

/** Thrown inside this folder only; `regex/safety.ts` turns it into a value. */
export class UnsupportedRegex extends Error {
  override readonly name = 'UnsupportedRegex';
}

/** Reads a source that `new RegExp(source, 'u')` accepts. Throws `UnsupportedRegex` with what is not in the subset. */
export function parseRegex(source: string): Regex {
  const reader = { characters: Array.from(source), at: 0, depth: 0 };
  const regex = parseChoice(reader);
  if (reader.at < reader.characters.length) throw new UnsupportedRegex('an unmatched parenthesis');
  return regex;
}

interface Reader {
  readonly characters: readonly string[];
  at: number;
  depth: number;
}

function parseChoice(reader: Reader): Regex {
  const options = [parseSequence(reader)];
  while (peek(reader) === '|') {
    reader.at += 1;
    options.push(parseSequence(reader));
  }
  return options.length === 1 && options[0] !== undefined
    ? options[0]
    : { kind: 'choice', options };
}

function parseSequence(reader: Reader): Regex {
  const items: Regex[] = [];
  for (
    let next = peek(reader);
    next !== undefined && next !== '|' && next !== ')';
    next = peek(reader)
  ) {
    items.push(parseQuantifier(reader, parseAtom(reader)));
  }
  return { kind: 'sequence', items };
}

function parseAtom(reader: Reader): Regex {
  const character = take(reader);
  if (character === '(') return parseGroup(reader);
  if (character === '[') return { kind: 'chars', set: parseClass(reader) };
  if (character === '^') return { kind: 'start' };
  if (character === '$') return { kind: 'end' };
  if (character === '.') return { kind: 'chars', set: ANY };
  if (character === '\\') return { kind: 'chars', set: parseEscape(reader) };
  return { kind: 'chars', set: only(character) };
}

function parseGroup(reader: Reader): Regex {
  if (peek(reader) === '?') {
    reader.at += 1;
    if (take(reader) !== ':') throw new UnsupportedRegex('a lookaround or named group');
  }
  reader.depth += 1;
  if (reader.depth > 20) throw new UnsupportedRegex('groups that are nested too deep');
  const body = parseChoice(reader);
  reader.depth -= 1;
  take(reader);
  return body.kind === 'choice' ? body : { kind: 'sequence', items: [body] };
}

function parseQuantifier(reader: Reader, body: Regex): Regex {
  const [min, max] = readBounds(reader);
  if (min === 1 && max === 1) return body;
  if (peek(reader) === '?') reader.at += 1;
  return { kind: 'repeat', body, min, max };
}

function readBounds(reader: Reader): readonly [min: number, max: number] {
  const next = peek(reader);
  if (next === '*' || next === '+' || next === '?') {
    reader.at += 1;
    return next === '?' ? [0, 1] : [next === '*' ? 0 : 1, Number.POSITIVE_INFINITY];
  }
  if (next !== '{') return [1, 1];
  const end = reader.characters.indexOf('}', reader.at);
  const [min = '', max] = reader.characters
    .slice(reader.at + 1, end)
    .join('')
    .split(',');
  reader.at = end + 1;
  if (max === undefined) return [Number(min), Number(min)];
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)];
}

function parseClass(reader: Reader): CharSet {
  const negated = peek(reader) === '^';
  if (negated) reader.at += 1;
  const ranges: (readonly [number, number])[] = [];
  while (peek(reader) !== ']') {
    const from = parseClassMember(reader);
    const first = from[0];
    const isRange = peek(reader) === '-' && reader.characters[reader.at + 1] !== ']';
    if (!isRange || first === undefined) {
      ranges.push(...from);
      continue;
    }
    reader.at += 1;
    const to = parseClassMember(reader)[0];
    if (to === undefined) throw new UnsupportedRegex('an empty range');
    ranges.push([first[0], to[1]]);
  }
  reader.at += 1;
  const set = charSet(ranges);
  return negated ? complement(set) : set;
}

function parseClassMember(reader: Reader): CharSet {
  const character = take(reader);
  return character === '\\' ? parseEscape(reader) : only(character);
}

function parseEscape(reader: Reader): CharSet {
  const character = take(reader);
  const known = CLASSES.get(character);
  if (known !== undefined) return known;
  if (/[0-9]/.test(character)) throw new UnsupportedRegex('a back-reference');
  if (/[A-Za-z]/.test(character)) throw new UnsupportedRegex(`the escape \\${character}`);
  return only(character);
}

function only(character: string): CharSet {
  const code = character.codePointAt(0) ?? 0;
  return [[code, code]];
}

function peek(reader: Reader): string | undefined {
  return reader.characters[reader.at];
}

function take(reader: Reader): string {
  const character = reader.characters[reader.at];
  if (character === undefined) throw new UnsupportedRegex('an unfinished expression');
  reader.at += 1;
  return character;
}
