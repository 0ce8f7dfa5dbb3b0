import { type Stats, statSync } from 'node:fs';

/** What files say, read again only when they changed: a look costs one call of the kernel a file. */
export interface FileMemo<Value> {
  /** Null when there is none, or what is there says nothing. */
  read(path: string): Value | null;
  /** The same, without a look at one that is known: for files that are only ever replaced, in a folder that is `unchanged`. */
  readKnown(path: string): Value | null;
}

/** A change within one tick of the kernel's clock cannot be told by its time: so young a file is not remembered. */
const TOO_YOUNG_MS = 100;

/** Remembers what `parse` made of a file for as long as that is the same file. Forgets files that are gone. */
export function createFileMemo<Value>(parse: (path: string) => Value | null): FileMemo<Value> {
  const known = new Map<string, { readonly stats: Stats; readonly value: Value | null }>();
  const read = (path: string) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    const before = known.get(path);
    if (stats !== undefined && before !== undefined && isSame(before.stats, stats)) {
      return before.value;
    }
    const value = stats === undefined ? null : parse(path);
    if (stats === undefined || isYoung(stats)) known.delete(path);
    else known.set(path, { stats, value });
    return value;
  };
  return { read, readKnown: (path) => known.get(path)?.value ?? read(path) };
}

/** Tells from one look at a folder whether files came, went or were replaced since it was asked last. */
export function createFolderMemo(folder: string): { unchanged(): boolean } {
  let before: Stats | undefined;
  return {
    unchanged() {
      const stats = statSync(folder, { throwIfNoEntry: false });
      const same = stats !== undefined && before !== undefined && isSame(before, stats);
      before = stats === undefined || isYoung(stats) ? undefined : stats;
      return same;
    },
  };
}

function isYoung({ ctimeMs }: Stats): boolean {
  return Date.now() - ctimeMs < TOO_YOUNG_MS;
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ctimeMs === other.ctimeMs && one.size === other.size && one.ino === other.ino;
}
