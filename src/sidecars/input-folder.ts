import { type FSWatcher, readFileSync, readlinkSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';

/** One whole generation of a sidecar's input: reads a file of it by name. */
export type ReadInput = (name: string) => string;

export interface InputFolderOptions {
  /** The folder that holds `current`, a symbolic link that is replaced by rename. */
  readonly folder: string;
  /** Called at the start and for each new generation. Must not throw: a refusal is the caller's to report. */
  readonly onGeneration: (read: ReadInput) => void;
  /** How often the link is looked at where no watch event comes (default 1,000 ms). */
  readonly pollMs?: number;
}

/**
 * Follows `<folder>/current`. Level-based: events and signals are hints, after each the link is read and a target
 * that is already loaded is not loaded again.
 *
 * rename of `current` → watch event (or poll, or `check`) → target differs → onGeneration(read)
 */
export class InputFolder {
  readonly #options: InputFolderOptions;
  #target: string | null = null;
  #watcher: FSWatcher | null = null;
  #poll: NodeJS.Timeout | null = null;

  constructor(options: InputFolderOptions) {
    this.#options = options;
  }

  /** Loads what is there and follows it from then on. */
  start(): void {
    this.#watch();
    this.check();
    this.#poll = setInterval(() => {
      this.#watch();
      this.check();
    }, this.#options.pollMs ?? 1000);
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = null;
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  /** Looks at the link now; `force` loads the generation again although it is the same. */
  check(force = false): void {
    const target = this.#readTarget();
    if (target === null || (target === this.#target && !force)) return;
    this.#target = target;
    this.#options.onGeneration((name) =>
      readFileSync(resolve(this.#options.folder, target, name), 'utf8'),
    );
  }

  /** A folder that does not exist yet, or was replaced, is watched as soon as a poll finds it. */
  #watch(): void {
    if (this.#watcher !== null) return;
    try {
      const watcher = watch(this.#options.folder, () => this.check());
      watcher.on('error', () => {
        watcher.close();
        this.#watcher = null;
      });
      this.#watcher = watcher;
    } catch {
      this.#watcher = null;
    }
  }

  #readTarget(): string | null {
    try {
      return readlinkSync(join(this.#options.folder, 'current'));
    } catch {
      return null;
    }
  }
}
