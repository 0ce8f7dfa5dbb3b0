import { type CharSet, overlaps } from './char-set.ts';
import { type Regex, UnsupportedRegex } from './syntax.ts';

const MAX_POSITIONS = 600;

/** Positions of an expression as Glushkov numbers them: which may begin, end and follow one another. */
interface Part {
  readonly nullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

interface Automaton {
  readonly sets: CharSet[];
  readonly follow: Set<number>[];
  /** One way through the text was found twice, as in `(a*)*` or `(a?|b?)`. */
  isAmbiguous: boolean;
}

/** True when no text can be read in two ways: one next position per character, and one way to reach it. */
export function isDeterministic(items: readonly Regex[]): boolean {
  const automaton: Automaton = { sets: [], follow: [], isAmbiguous: false };
  const parts = items.map((item) => build(item, automaton));
  const whole = sequence(parts, automaton);
  return (
    !automaton.isAmbiguous &&
    areDisjoint(whole.first, automaton) &&
    automaton.follow.every((follow) => areDisjoint([...follow], automaton))
  );
}

function build(regex: Regex, automaton: Automaton): Part {
  switch (regex.kind) {
    case 'chars':
      return position(regex.set, automaton);
    case 'sequence':
      return sequence(
        regex.items.map((item) => build(item, automaton)),
        automaton,
      );
    case 'choice':
      return choice(
        regex.options.map((option) => build(option, automaton)),
        automaton,
      );
    case 'repeat':
      return repeat(regex, automaton);
    case 'start':
    case 'end':
      throw new UnsupportedRegex('"^" or "$" inside the expression');
  }
}

function position(set: CharSet, automaton: Automaton): Part {
  const id = automaton.sets.push(set) - 1;
  automaton.follow.push(new Set());
  if (id >= MAX_POSITIONS) throw new UnsupportedRegex('too many characters or repetitions');
  return { nullable: false, first: [id], last: [id] };
}

function sequence(parts: readonly Part[], automaton: Automaton): Part {
  return parts.reduce(
    (left, right) => {
      connect(left.last, right.first, automaton);
      return {
        nullable: left.nullable && right.nullable,
        first: left.nullable ? [...left.first, ...right.first] : left.first,
        last: right.nullable ? [...left.last, ...right.last] : right.last,
      };
    },
    { nullable: true, first: [], last: [] },
  );
}

function choice(parts: readonly Part[], automaton: Automaton): Part {
  if (parts.filter((part) => part.nullable).length > 1) automaton.isAmbiguous = true;
  return {
    nullable: parts.some((part) => part.nullable),
    first: parts.flatMap((part) => part.first),
    last: parts.flatMap((part) => part.last),
  };
}

/** `x{2,4}` is `xx(x(x)?)?`, `x{2,}` is `xx` with a loop on the last one. */
function repeat(regex: Regex & { readonly kind: 'repeat' }, automaton: Automaton): Part {
  const isLoop = regex.max === Number.POSITIVE_INFINITY;
  const copies = isLoop ? Math.max(1, regex.min) : regex.max;
  if (copies > MAX_POSITIONS) throw new UnsupportedRegex('too many characters or repetitions');
  const parts = Array.from({ length: copies }, () => build(regex.body, automaton));
  if (parts.some((part) => part.nullable)) automaton.isAmbiguous = true;
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1] ?? (isLoop ? part : undefined);
    if (next !== undefined) connect(part.last, next.first, automaton);
  }
  return {
    nullable: regex.min === 0,
    first: parts[0]?.first ?? [],
    last: parts.slice(Math.max(0, regex.min - 1)).flatMap((part) => part.last),
  };
}

function connect(from: readonly number[], to: readonly number[], automaton: Automaton): void {
  for (const id of from) {
    const follow = automaton.follow[id];
    for (const next of to) {
      if (follow?.has(next) === true) automaton.isAmbiguous = true;
      follow?.add(next);
    }
  }
}

function areDisjoint(ids: readonly number[], automaton: Automaton): boolean {
  const sets = ids.map((id) => automaton.sets[id] ?? []);
  return sets.every((set, index) => sets.slice(index + 1).every((other) => !overlaps(set, other)));
}
