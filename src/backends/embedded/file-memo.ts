import { type Stats, statSync } from 'node:fs';

/** What files say, read again only when they changed: a look costs one call of the kernel a file. */
export interface FileMemo<Value> {
  /** Null when there is none, or what is there says nothing. */
  read(path: string): Value | null;
}

/** A change within one tick of the kernel's clock cannot be told by its time: so young a file is not remembered. */
const TOO_YOUNG_MS = 100;

/** Remembers what `parse` made of a file for as long as that is the same file. Forgets files that are gone. */
export function createFileMemo<Value>(parse: (path: string) => Value | null): FileMemo<Value> {
  const known = new Map<string, { readonly stats: Stats; readonly value: Value | null }>();
  return {
    read(path) {
      const stats = statSync(path, { throwIfNoEntry: false });
      const before = known.get(path);
      if (stats !== undefined && before !== undefined && isSame(before.stats, stats)) {
        return before.value;
      }
      const value = stats === undefined ? null : parse(path);
      if (stats === undefined || Date.now() - stats.ctimeMs < TOO_YOUNG_MS) known.delete(path);
      else known.set(path, { stats, value });
      return value;
    },
  };
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ctimeMs === other.ctimeMs && one.size === other.size && one.ino === other.ino;
}
