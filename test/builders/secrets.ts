import type { Secrets } from '../../src/controller/ports/secrets.ts';

/** Secrets of a host that has these values. */
export function secretsOf(values: { readonly [name: string]: string }): Secrets {
  const known = (names: readonly string[]) => names.filter((name) => Object.hasOwn(values, name));
  return {
    values: async (names) =>
      new Map(known(names).map((name) => [name, { version: name, value: values[name] ?? '' }])),
    versions: async (names) => ({
      versions: Object.fromEntries(known(names).map((name) => [name, name])),
      problems: Object.fromEntries(
        names.flatMap((name) => (known([name]).length > 0 ? [] : [[name, `no ${name} here`]])),
      ),
    }),
    login: async () => null,
  };
}
