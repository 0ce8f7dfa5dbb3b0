/** Reads a value of one shape, or throws naming the place (`table.routes[3].host`) and what was expected. */
export type ShapeReader<Value> = (raw: unknown, at: string) => Value;

/**
 * Strict readers for the few files that sidecars take: no unknown members, no defaults, no coercion. A library would
 * cost more start-up time than everything else these programs load.
 */
export const Shape = {
  text: (raw: unknown, at: string): string => {
    if (typeof raw !== 'string') throw new Error(`${at} is not a text`);
    return raw;
  },

  integer: (raw: unknown, at: string): number => {
    if (!Number.isSafeInteger(raw)) throw new Error(`${at} is not a whole number`);
    return raw as number;
  },

  boolean: (raw: unknown, at: string): boolean => {
    if (typeof raw !== 'boolean') throw new Error(`${at} is not true or false`);
    return raw;
  },

  oneOf:
    <Choice extends string>(...choices: readonly Choice[]): ShapeReader<Choice> =>
    (raw, at) => {
      const choice = choices.find((each) => each === raw);
      if (choice === undefined) throw new Error(`${at} is not one of ${choices.join(', ')}`);
      return choice;
    },

  /** A text that a parser of the model accepts. */
  parsed:
    <Value>(parse: (raw: string) => Value | undefined, what: string): ShapeReader<Value> =>
    (raw, at) => {
      const value = typeof raw === 'string' ? parse(raw) : undefined;
      if (value === undefined) throw new Error(`${at} is not ${what}`);
      return value;
    },

  nullable:
    <Value>(read: ShapeReader<Value>): ShapeReader<Value | null> =>
    (raw, at) =>
      raw === null ? null : read(raw, at),

  /** A member that may be absent; absent it stays. */
  optional:
    <Value>(read: ShapeReader<Value>): ShapeReader<Value | undefined> =>
    (raw, at) =>
      raw === undefined ? undefined : read(raw, at),

  list:
    <Item>(read: ShapeReader<Item>): ShapeReader<readonly Item[]> =>
    (raw, at) => {
      if (!Array.isArray(raw)) throw new Error(`${at} is not a list`);
      return raw.map((item, index) => read(item, `${at}[${index}]`));
    },

  record:
    <Value>(read: ShapeReader<Value>): ShapeReader<{ readonly [name: string]: Value }> =>
    (raw, at) =>
      Object.fromEntries(
        Object.entries(members(raw, at)).map(([name, value]) => [
          name,
          read(value, `${at}.${name}`),
        ]),
      ),

  object:
    <Value extends object>(
      readers: {
        readonly [Name in keyof Value]-?: ShapeReader<Value[Name]>;
      },
    ): ShapeReader<Value> =>
    (raw, at) => {
      const given = members(raw, at);
      const unknown = Object.keys(given).find((name) => !Object.hasOwn(readers, name));
      if (unknown !== undefined) throw new Error(`${at} has an unknown member "${unknown}"`);
      const value: Partial<Value> = {};
      for (const name of Object.keys(readers) as (keyof Value & string)[]) {
        const member = readers[name](given[name], `${at}.${name}`);
        if (member !== undefined) value[name] = member;
      }
      return value as Value;
    },
};

function members(raw: unknown, at: string): { readonly [name: string]: unknown } {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new Error(`${at} is not an object`);
  }
  return raw as { readonly [name: string]: unknown };
}
