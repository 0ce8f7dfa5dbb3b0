/** Compares by code units, so that an order is the same on every machine and in every locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `things` in the order of their text. */
export function sortedBy<Thing>(
  things: readonly Thing[],
  text: (thing: Thing) => string,
): readonly Thing[] {
  return things.toSorted((a, b) => byText(text(a), text(b)));
}
