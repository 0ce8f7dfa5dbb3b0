import { isNode, isScalar, type Node, Pair, type YAMLMap } from 'yaml';
import { placeBelow } from './place-below.ts';
import type { MapPlace, TakeBackPlace } from './take-back.ts';

/** Takes a change of a mapping back, entry by entry; one that comes back stands below those it stood below. */
export function takeBackEntries(
  { was, became, is, path }: MapPlace,
  takeBackPlace: TakeBackPlace,
): YAMLMap {
  for (const key of new Set([...keysOf(was), ...keysOf(became)])) {
    const taken = takeBackPlace({
      was: entryOf(was, key),
      became: entryOf(became, key),
      is: entryOf(is, key),
      path: [...path, key],
    });
    const at = keysOf(is).indexOf(key);
    const pair = is.items[at];
    if (taken === undefined) {
      if (pair !== undefined) is.items.splice(at, 1);
    } else if (pair !== undefined) {
      pair.value = taken;
    } else {
      is.items.splice(placeBelow(key, keysOf(was), keysOf(is)), 0, new Pair(key, taken));
    }
  }
  return is;
}

function keysOf({ items }: YAMLMap): readonly string[] {
  return items.map(({ key }) => String(isScalar(key) ? key.value : key));
}

function entryOf(map: YAMLMap, key: string): Node | undefined {
  const value = map.items[keysOf(map).indexOf(key)]?.value;
  return isNode(value) ? value : undefined;
}
