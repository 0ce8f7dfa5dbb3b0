import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Nothing has happened for so long that nobody notices a pause. */
const REST_MS = 10_000;
/** Less than this is not worth the tenth of a second that the pause takes. */
const WORTH_BYTES = 16 * 1024 * 1024;

/**
 * Gives the memory that work needed back to the machine when the process rests: V8 keeps the pages that it emptied
 * until it is told that memory is short.
 */
export class MemoryAtRest implements Disposable {
  readonly #restMs: number;
  #timer: NodeJS.Timeout | null = null;
  #leftBytes = 0;

  constructor(restMs: number = REST_MS) {
    this.#restMs = restMs;
  }

  /** Tells that there was work, and begins the wait for rest anew. Never keeps the process alive. */
  worked(): void {
    this.#timer ??= setTimeout(() => this.#giveBack(), this.#restMs).unref();
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #giveBack(): void {
    if (process.memoryUsage.rss() < this.#leftBytes + WORTH_BYTES) return;
    collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    this.#leftBytes = process.memoryUsage.rss();
  }
}

/** Asked for when it is needed, not when Node starts: its flags have a part in the names of compiled code. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
