import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BenchEngine, openBenchEngine } from './engine.ts';
import { installBb } from './installation.ts';

/** What a benchmark is run with: expensive things are made when they are first asked for, and all are taken away. */
export class Bench implements AsyncDisposable {
  readonly folder: string;
  readonly progress: (line: string) => void;
  readonly #cleanups: (() => unknown)[] = [];
  #engine: Promise<BenchEngine> | null = null;
  #program: Promise<string> | null = null;

  private constructor(folder: string, progress: (line: string) => void) {
    this.folder = folder;
    this.progress = progress;
  }

  static async open(progress: (line: string) => void): Promise<Bench> {
    // Short: sockets below it may have 107 characters.
    return new Bench(await mkdtemp('/tmp/bb-bench-'), progress);
  }

  /** Done at the end, the last one first, whatever happens to the others. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  engine(): Promise<BenchEngine> {
    this.#engine ??= openBenchEngine(join(this.folder, 'e'), this.progress).then((engine) => {
      this.#cleanups.unshift(() => engine.close());
      return engine;
    });
    return this.#engine;
  }

  /** Path of a freshly built `bb`. */
  program(): Promise<string> {
    this.#program ??= installBb(join(this.folder, 'package'));
    return this.#program;
  }

  async engineVersion(): Promise<string | null> {
    return this.#engine === null ? null : (await this.#engine).version;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) {
      try {
        await cleanup();
      } catch (error) {
        this.progress(`not cleaned up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
