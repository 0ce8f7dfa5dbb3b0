/** Where in `names` something comes back to: below the nearest that stood above it in `order`, else at the top. */
export function placeBelow(
  name: string,
  order: readonly string[],
  names: readonly string[],
): number {
  const above = order.slice(0, order.indexOf(name)).toReversed();
  for (const each of above) {
    const at = names.indexOf(each);
    if (at !== -1) return at + 1;
  }
  return 0;
}
