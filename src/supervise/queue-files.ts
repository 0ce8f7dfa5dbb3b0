/** What was found under a path. `refused`: a careful reader never takes it. `unreadable`: not now, maybe later. */
export type FileRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * The file operations that the queue is made of, as a port: the disk in the product, memory in a simulation.
 * Paths are absolute. Every write is whole or not there at all, also after a crash.
 */
export interface QueueFiles {
  /** Names in a folder, sorted; empty for what is absent, closed to us or no folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Reads a regular file of at most `maxBytes`; never follows a symbolic link, never blocks on a FIFO. */
  read(path: string, maxBytes: number): Promise<FileRead>;
  /** Differs whenever the file is another one or was written to since; null when there is none. */
  stamp(path: string): Promise<string | null>;
  /** Writes a file, replacing what is there. */
  publish(path: string, text: string): Promise<void>;
  /** Writes a file unless the name is taken: of any number of callers exactly one gets true. */
  publishOnce(path: string, text: string): Promise<boolean>;
  /** Moves a file into a real folder beside it, which is made when it is absent; false when the file is gone. */
  moveInto(path: string, folder: string): Promise<boolean>;
  /** Makes a folder, and those above it, for our own user only. */
  makeFolder(folder: string): Promise<void>;
  /** Removes a file; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** Calls back whenever something in the folder may have changed, until `signal` aborts. Hints, never facts. */
  watch(folder: string, onHint: () => void, signal: AbortSignal): void;
}
