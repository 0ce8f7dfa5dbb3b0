import type { Answer, ControllerApi } from '../../controller/api.ts';
import { Effects } from './effects.ts';
import { reduce } from './reduce.ts';
import type { ViewerEvent } from './viewer-event.ts';
import { initialState, type Size, type ViewerState } from './viewer-state.ts';

/** The outside of the viewer: a controller, a clock and a terminal. */
export interface ViewerPorts {
  readonly open: () => Promise<Answer<ControllerApi>>;
  readonly operator: string;
  readonly nowMs: () => number;
  /** Resolves after `ms`, or as soon as `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly ringBell: () => void;
  /** Gives the terminal to a program until it ends; resolves with its exit code. */
  readonly handOver: (argv: readonly string[]) => Promise<number>;
  /** Lets the operator edit a text under that name; gives what was saved. */
  readonly editText: (text: string, name: string) => Promise<string>;
}

const RECONNECT_MS = 1_000;
const TICK_MS = 30_000;

/** The viewer without its screen: holds the state, follows the controller, performs what the reducer asks for. */
export class Viewer {
  readonly #ports: ViewerPorts;
  readonly #left = new AbortController();
  readonly #listeners = new Set<() => void>();
  #state: ViewerState;
  #api: ControllerApi | null = null;
  #reading: Promise<void> | null = null;
  #mustReadAgain = false;
  #lastFailure: string | null = null;
  readonly #effects: Effects;

  constructor(ports: ViewerPorts, size: Size) {
    this.#ports = ports;
    this.#state = initialState(size, ports.nowMs());
    this.#effects = new Effects({
      ports,
      left: this.left,
      api: () => this.#api,
      dispatch: this.dispatch,
      refresh: () => this.#refresh(),
      leave: () => this.leave(),
    });
  }

  /** Aborts when the operator leaves. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** The last thing that failed: told again after the screen is gone (R30). */
  get lastFailure(): string | null {
    return this.#lastFailure;
  }

  readonly state = (): ViewerState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly dispatch = (event: ViewerEvent): void => {
    if (event.kind === 'told' && event.message.tone === 'bad') {
      this.#lastFailure = event.message.text;
    }
    if (event.kind === 'question-failed') this.#lastFailure = event.problem;
    const { state, effects } = reduce(this.#state, event);
    this.#state = state;
    for (const listener of this.#listeners) listener();
    for (const effect of effects) void this.#effects.perform(effect);
  };

  /** Ends the viewer; bottles and controller are not touched (R12). */
  leave(): void {
    this.#left.abort();
  }

  /** Follows the controller until the viewer is left; a lost one is looked for again. */
  async follow(): Promise<void> {
    void this.#tick();
    while (!this.left.aborted) {
      const problem = await this.#followOnce().catch((error: unknown) => wordsOf(error));
      await this.#close();
      if (this.left.aborted) return;
      this.dispatch({ kind: 'connection-lost', problem });
      await this.#ports.sleep(RECONNECT_MS, this.left);
    }
  }

  async #followOnce(): Promise<string> {
    const opened = await this.#ports.open();
    if (!opened.ok) return opened.refusal.message;
    this.#api = opened.value;
    const ended = new AbortController();
    const watching = opened.value.watchStatus(
      (status) => this.#statusCame(status),
      AbortSignal.any([this.left, ended.signal]),
    );
    try {
      const status = await opened.value.status();
      if (!status.ok) return status.refusal.message;
      this.#statusCame(status.value);
      await watching;
      return 'the controller went away';
    } finally {
      ended.abort();
      await watching.catch(() => {});
    }
  }

  #statusCame(status: Parameters<Parameters<ControllerApi['watchStatus']>[0]>[0]): void {
    this.dispatch({ kind: 'status', status, nowMs: this.#ports.nowMs() });
    this.#readProposals();
  }

  /** One reading at a time; what changes meanwhile is read once more after it. */
  #readProposals(): void {
    this.#mustReadAgain = true;
    this.#reading ??= this.#readUntilCurrent().finally(() => {
      this.#reading = null;
    });
  }

  async #readUntilCurrent(): Promise<void> {
    while (this.#mustReadAgain && this.#api !== null) {
      this.#mustReadAgain = false;
      const answer = await this.#api.proposals({}).catch(() => null);
      if (answer?.ok) this.dispatch({ kind: 'proposals', proposals: answer.value });
    }
  }

  async #tick(): Promise<void> {
    while (!this.left.aborted) {
      await this.#ports.sleep(TICK_MS, this.left);
      if (!this.left.aborted) this.dispatch({ kind: 'ticked', nowMs: this.#ports.nowMs() });
    }
  }

  async #close(): Promise<void> {
    const api = this.#api;
    this.#api = null;
    try {
      await api?.[Symbol.asyncDispose]();
    } catch {
      // It is gone already, which is what was wanted.
    }
  }

  async #refresh(): Promise<void> {
    const answer = await this.#api?.status();
    if (answer?.ok) this.#statusCame(answer.value);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
