import type {
  Answer,
  ControllerApi,
  ControllerOptions,
  OpenController,
  RunController,
} from '../controller/api.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { CommandFailure, Interrupted } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Relay } from './hand-over.ts';
import type { Output } from './output.ts';
import { failureOf } from './refusal.ts';

/** Everything that the command line gets from its process; a test gives its own. */
export interface Surroundings {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Who approves, rejects and edits, as it is written into commits. */
  readonly operator: string;
  /** Aborts on Ctrl-C, and when nobody reads stdout any more. */
  readonly signal: AbortSignal;
  readonly openController: OpenController;
  readonly runController: RunController;
  /** Asks a person for a line; null when there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Runs a program with the terminal inherited; resolves with its exit code. A relay passes signals on to it. */
  readonly handOver: (argv: readonly string[], relay?: Relay) => Promise<number>;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly repo?: string | undefined;
  readonly fleet?: string | undefined;
  readonly config?: string | undefined;
  readonly backend?: string | undefined;
  readonly verbose?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** One command as it runs: its surroundings and the global options. */
export class Session {
  readonly surroundings: Surroundings;
  readonly options: GlobalOptions;

  constructor(surroundings: Surroundings, options: GlobalOptions) {
    this.surroundings = surroundings;
    this.options = options;
  }

  get output(): Output {
    return this.surroundings.output;
  }

  get signal(): AbortSignal {
    return this.surroundings.signal;
  }

  get controllerOptions(): ControllerOptions {
    const { config, backend } = this.options;
    const repository = this.options.repo ?? this.surroundings.environment['BB_REPO'];
    return {
      ...(repository === undefined ? {} : { repository }),
      ...(config === undefined ? {} : { configDirectory: config }),
      ...(backend === undefined ? {} : { backend }),
      environment: this.surroundings.environment,
    };
  }

  /** The controller of the repository. Throws a failure in words when there cannot be one. */
  async open(): Promise<ControllerApi> {
    const api = await this.expect(this.surroundings.openController(this.controllerOptions));
    if (this.options.fleet === undefined) return api;
    const { fleet } = await this.expect(api.status());
    if (fleet === this.options.fleet) return api;
    await api[Symbol.asyncDispose]();
    throw new CommandFailure({
      exitCode: EXIT.invalid,
      message: `this repository describes the fleet "${fleet ?? '?'}", not "${this.options.fleet}"`,
      hint: 'name the right repository with --repo, or leave --fleet out',
    });
  }

  /** The value of an answer that changes nothing: Ctrl-C does not wait for it. */
  async expect<Value>(answer: Promise<Answer<Value>>, about?: About): Promise<Value> {
    return this.#valueOf(await interruptible(answer, this.signal), about);
  }

  /** The value of an answer that changes something: what was begun is ended, unless Ctrl-C comes twice. */
  async complete<Value>(answer: Promise<Answer<Value>>, about?: About): Promise<Value> {
    const onAbort = () => this.output.diagnostic('ending what was begun; Ctrl-C again leaves now');
    this.signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#valueOf(await answer, about);
    } finally {
      this.signal.removeEventListener('abort', onAbort);
    }
  }

  async #valueOf<Value>(answer: Answer<Value>, about: About | undefined): Promise<Value> {
    if (answer.ok) return answer.value;
    const { refusal } = answer;
    if (about === undefined || refusal.kind !== 'not-found' || refusal.hint !== null) {
      throw failureOf(refusal);
    }
    const { bottles } = await this.expect(about.api.status());
    const names = bottles.map(({ name }) => name);
    throw failureOf({ ...refusal, hint: nearestHint(about.slug, names) });
  }
}

/** The bottle that a question is about: when it is unknown, the nearest name is suggested. */
interface About {
  readonly api: ControllerApi;
  readonly slug: string;
}

/** What to say to a name that does not exist. */
export function nearestHint(raw: string, names: readonly string[]): string {
  const nearest = didYouMean(raw, names);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return names.length === 0 ? 'there are no bottles' : 'bb list active shows what there is';
}

/** `promise`, or `Interrupted` as soon as `signal` aborts: what only reads need not be waited for. */
async function interruptible<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) throw new Interrupted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new Interrupted());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
