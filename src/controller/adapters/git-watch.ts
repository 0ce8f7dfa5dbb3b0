import { relative, sep } from 'node:path';
import { watch } from 'chokidar';

/** Ends a burst of file events: one ref update makes several. */
const SETTLE_MS = 5;

/**
 * Calls `onHint` when a ref of the repository may have moved, until `signal` aborts. Resolves when the watch is in
 * place: a change after that is told. `gitDirectory` is the common one, which linked working trees share.
 */
export async function watchRefs(
  gitDirectory: string,
  onHint: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const watcher = watch(gitDirectory, {
    ignoreInitial: true,
    atomic: false,
    ignored: (path) => !mayHoldRefs(relative(gitDirectory, path)),
  });
  let settling: NodeJS.Timeout | null = null;
  watcher.on('all', () => {
    settling ??= setTimeout(() => {
      settling = null;
      if (!signal.aborted) onHint();
    }, SETTLE_MS);
  });
  // A watch that breaks is made up for by the controller's resync.
  watcher.on('error', () => undefined);
  const ready = new Promise<void>((resolve) => watcher.once('ready', resolve));
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        if (settling !== null) clearTimeout(settling);
        watcher.close().then(resolve, resolve);
      },
      { once: true },
    );
  });
  await Promise.race([ready, ended]);
}

/** The few places below a git directory that say where branches are. Locks come and go with each of them. */
function mayHoldRefs(path: string): boolean {
  if (path.endsWith('.lock')) return false;
  const [first, second] = path.split(sep);
  if (first === 'refs') return second === undefined || second === 'heads';
  return first === '' || first === 'HEAD' || first === 'packed-refs' || first === 'reftable';
}
