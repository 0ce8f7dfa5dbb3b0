import type { Readable } from 'node:stream';

/** A program that leads a process group of its own. */
interface Leader {
  readonly pid?: number | undefined;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/** What has not ended by then does not clear up any more. */
const GRACE_MS = 2_000;

/**
 * Ends a program and all that it started when its time is up, when `signal` aborts, or when this process ends. What it
 * started may hold what it prints to, and is waited for otherwise although the program is gone.
 */
export class BoundedGroup implements Disposable {
  readonly #leader: Leader;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #reason: 'late' | 'called-off' | null = null;

  constructor(
    leader: Leader,
    limits: { readonly timeoutMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ) {
    const { timeoutMs, signal } = limits;
    this.#leader = leader;
    this.#signal = signal;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#end('late'), timeoutMs);
    signal?.addEventListener('abort', this.#callOff, { once: true });
    process.once('exit', this.#leave);
    if (signal?.aborted === true) this.#callOff();
  }

  /** Why it was ended; null when it was not. */
  get reason(): 'late' | 'called-off' | null {
    return this.#reason;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#grace);
    this.#signal?.removeEventListener('abort', this.#callOff);
    process.off('exit', this.#leave);
  }

  readonly #callOff = (): void => this.#end('called-off');

  readonly #leave = (): void => this.#kill('SIGTERM');

  #end(reason: 'late' | 'called-off'): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#kill('SIGTERM');
    this.#grace = setTimeout(() => {
      this.#kill('SIGKILL');
      // Whoever left the group may hold them.
      this.#leader.stdout?.destroy();
      this.#leader.stderr?.destroy();
    }, GRACE_MS);
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#leader.pid === undefined) return;
    try {
      process.kill(-this.#leader.pid, signal);
    } catch {
      // All of them are gone.
    }
  }
}
