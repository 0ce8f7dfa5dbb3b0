import { type FSWatcher, mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type BottleName, parseBottleName } from '../../model/names.ts';
import { bottleLayout } from '../../model/state-layout.ts';

/** Ends a burst: a file that is renamed into place makes several events. */
const SETTLE_MS = 5;

/**
 * Calls `onHint` with the bottle whose sidecars wrote something (a status, a certificate, a proposal), until `signal`
 * aborts; also when a bottle's folders come or go. It is in place when the call returns.
 *
 * One native watch a folder, four a bottle, rather than a recursive watcher, which would also follow the rendered
 * inputs and stat every file on every event: for 400 bottles that is the difference between 20 ms and seconds.
 */
export function watchSidecars(
  stateDirectory: string,
  onHint: (bottle: BottleName) => void,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  const watchers = new Map<BottleName, readonly FSWatcher[]>();
  const settling = new Map<BottleName, NodeJS.Timeout>();
  const bottles = join(stateDirectory, 'bottles');

  function hint(bottle: BottleName): void {
    if (settling.has(bottle)) return;
    const timer = setTimeout(() => {
      settling.delete(bottle);
      onHint(bottle);
    }, SETTLE_MS);
    settling.set(bottle, timer);
  }

  /** `renamed` is a name that came, went, or was replaced between two events. */
  function follow(renamed: string | null): void {
    const present = new Set(listNames(bottles).flatMap((name) => parseBottleName(name) ?? []));
    for (const [bottle, folders] of watchers) {
      if (present.has(bottle) && bottle !== renamed) continue;
      for (const folder of folders) folder.close();
      watchers.delete(bottle);
      hint(bottle);
    }
    for (const bottle of present) {
      if (watchers.has(bottle)) continue;
      watchers.set(bottle, watchBottle(bottle));
      if (renamed !== null) hint(bottle);
    }
  }

  function watchBottle(bottle: BottleName): readonly FSWatcher[] {
    const { egressOut, superviseOut, bundleOut, queue } = bottleLayout(stateDirectory, bottle);
    return [egressOut, superviseOut, bundleOut, queue].flatMap((folder) =>
      watchFolder(folder, (name) => {
        // Only the rename that follows makes it something to read.
        if (name?.endsWith('.tmp') !== true) hint(bottle);
      }),
    );
  }

  mkdirSync(bottles, { recursive: true, mode: 0o700 });
  const top = watchFolder(bottles, (name) => follow(name ?? ''));
  follow(null);
  signal.addEventListener(
    'abort',
    () => {
      for (const timer of settling.values()) clearTimeout(timer);
      for (const folder of [...top, ...[...watchers.values()].flat()]) folder.close();
    },
    { once: true },
  );
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty where the folder is gone or the kernel has no watch left: the controller's resync makes up for it. */
function watchFolder(folder: string, onEvent: (name: string | null) => void): readonly FSWatcher[] {
  try {
    const watcher = watch(folder, (_, name) => onEvent(name));
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}
