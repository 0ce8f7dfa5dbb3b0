import type { Answer, ControllerApi, Progress } from '../../controller/api.ts';
import { assertNever } from '../../model/assert-never.ts';
import { reduce } from './reduce.ts';
import type { ViewerEffect, ViewerEvent } from './viewer-event.ts';
import { initialState, type Message, type Size, type ViewerState } from './viewer-state.ts';

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
}

const RECONNECT_MS = 1_000;
const TICK_MS = 30_000;
const HIGHLIGHT_MS = 5_000;

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

  constructor(ports: ViewerPorts, size: Size) {
    this.#ports = ports;
    this.#state = initialState(size, ports.nowMs());
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
    const { state, effects } = reduce(this.#state, event);
    this.#state = state;
    for (const listener of this.#listeners) listener();
    for (const effect of effects) void this.#perform(effect);
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

  /** A failure is a line of the status, never an exit (R29, D1, D3). */
  async #perform(effect: ViewerEffect): Promise<void> {
    try {
      await this.#performOrThrow(effect);
    } catch (error) {
      this.#tell('bad', wordsOf(error));
    }
  }

  async #performOrThrow(effect: ViewerEffect): Promise<void> {
    switch (effect.kind) {
      case 'leave':
        return this.leave();
      case 'announce':
        this.#ports.ringBell();
        await this.#ports.sleep(HIGHLIGHT_MS, this.left);
        return this.dispatch({ kind: 'highlight-ended', ids: effect.ids });
      case 'review':
        return this.#review(effect.id);
      case 'approve': {
        const { proposal, seen } = effect.review;
        this.#tell('plain', `approving ${proposal.id}…`);
        const request = { id: proposal.id, seen, operator: this.#ports.operator };
        const decision = await this.#ask((api) => api.approve(request, this.#showProgress));
        return this.#tell('good', `approved: ${decision.commitSubject}`);
      }
      case 'reject': {
        const request = { id: effect.id, reason: effect.reason, operator: this.#ports.operator };
        const decision = await this.#ask((api) => api.reject(request));
        return this.#tell('good', `rejected: ${decision.commitSubject}`);
      }
      case 'stop': {
        this.#tell('plain', `stopping ${effect.bottle}…`);
        const edit = { kind: 'remove-instance', bottle: effect.bottle } as const;
        await this.#ask((api) => api.edit(edit, this.#ports.operator, this.#showProgress));
        return this.#tell('good', `stopped ${effect.bottle}`);
      }
      case 'attach': {
        const argv = await this.#ask((api) => api.attachCommand(effect.bottle, []));
        const exitCode = await this.#ports.handOver(argv);
        const how = exitCode === 0 ? '' : ` (exit code ${exitCode})`;
        this.#tell('plain', `back from ${effect.bottle}${how}; it runs on`);
        return this.#refresh();
      }
      default:
        return assertNever(effect);
    }
  }

  async #review(id: string): Promise<void> {
    const api = this.#api;
    const answer = await api?.review(id).catch((error: unknown) => wordsOf(error));
    if (typeof answer === 'object' && answer.ok) {
      return this.dispatch({ kind: 'reviewed', id, review: answer.value });
    }
    const problem =
      typeof answer === 'object' ? answer.refusal.message : (answer ?? 'no controller answers');
    this.dispatch({ kind: 'review-failed', id, problem });
  }

  async #refresh(): Promise<void> {
    this.#statusCame(await this.#ask((api) => api.status()));
  }

  async #ask<Value>(call: (api: ControllerApi) => Promise<Answer<Value>>): Promise<Value> {
    if (this.#api === null) throw new Error('no controller answers');
    const answer = await call(this.#api);
    if (answer.ok) return answer.value;
    const { message, hint } = answer.refusal;
    throw new Error(hint === null ? message : `${message}; ${hint}`);
  }

  readonly #showProgress = (progress: Progress): void => {
    if (progress.kind === 'action' && progress.state === 'started') {
      this.#tell('plain', `${progress.bottle}: ${progress.text}`);
    }
  };

  #tell(tone: Message['tone'], text: string): void {
    this.dispatch({ kind: 'told', message: { tone, text } });
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
