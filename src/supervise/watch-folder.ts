import { type FSWatcher, watch } from 'node:fs';

/** How often a folder is looked at although no event came: some mounts give none. */
const POLL_MS = 1_000;

/** Calls `onHint` at every event of the folder and once a second, also while the folder is not there yet. */
export function watchFolder(folder: string, onHint: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  let watcher: FSWatcher | null = null;
  const open = () => {
    try {
      watcher = watch(folder, { persistent: false }, onHint);
      watcher.on('error', () => {
        watcher?.close();
        watcher = null;
      });
    } catch {
      // The folder is not there yet: the poll tries again.
    }
  };
  open();
  const poll = setInterval(() => {
    if (watcher === null) open();
    onHint();
  }, POLL_MS);
  poll.unref();
  signal.addEventListener('abort', () => {
    clearInterval(poll);
    watcher?.close();
  });
}
