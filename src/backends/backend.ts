import type { Availability, BackendCapabilities } from '../model/availability.ts';
import type {
  ComponentRef,
  ContainerSpec,
  CopiedFile,
  ImageBuild,
  NetworkSpec,
} from '../model/component.ts';
import type { BottleName, FleetName } from '../model/names.ts';
import type { BackendObservation, DiskUse } from '../model/observed-state.ts';

/** Outcome of a program run inside a container; a non-zero exit is a value, not an exception. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Output past the limit was dropped. */
  readonly truncated: boolean;
}

export interface ExecRequest {
  /** Program and arguments; never holds a secret or text of an agent. A script goes to `stdin`. */
  readonly argv: readonly string[];
  readonly stdin?: string;
  /** Keeps the program's input open after `stdin` until this settles; absent = it ends there. */
  readonly inputEnds?: Promise<unknown>;
  /** Null = the container's own user. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly env?: { readonly [name: string]: string };
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** `look`: something of ours changed. `gap`: the stream was lost, events may be missing. Both only mean *look now*. */
export type BackendHint = { readonly kind: 'look' | 'gap'; readonly bottle: string | null };

/** Thrown by every backend call that fails; `kind` decides what the controller does next. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly kind: 'transient' | 'terminal';
  readonly code: BackendErrorCode;
  /** What a person can do about it. */
  readonly hint: string | null;

  constructor(options: {
    readonly code: BackendErrorCode;
    readonly kind: 'transient' | 'terminal';
    readonly message: string;
    readonly hint?: string;
    readonly cause?: unknown;
  }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.code = options.code;
    this.hint = options.hint ?? null;
  }
}

export type BackendErrorCode =
  | 'unavailable'
  | 'permission-denied'
  | 'name-taken'
  | 'subnet-overlap'
  | 'image-missing'
  | 'build-failed'
  | 'not-found'
  | 'timeout'
  | 'unknown-runtime'
  | 'not-supported'
  | 'failed';

/**
 * The port that every backend implements and the contract suite (`test/contract`) pins down.
 *
 * Every call is idempotent: creating what exists in the same form, starting what runs, stopping what is stopped and
 * removing what is gone succeed. A name that belongs to something without our labels fails with `name-taken` and
 * leaves it alone. Every call is bounded in time; all but `observe` and `probe` may throw `BackendError`.
 */
export interface Backend {
  readonly name: string;
  readonly capabilities: BackendCapabilities;

  /** Never throws. */
  probe(): Promise<Availability>;
  /** Everything of this fleet, in a constant number of calls. Never throws: an absent engine is a value. */
  observe(fleet: FleetName): Promise<BackendObservation>;
  /** Calls `onHint` until `signal` aborts; reconnects by itself and tells each gap. */
  watch(fleet: FleetName, onHint: (hint: BackendHint) => void, signal: AbortSignal): void;

  /** Present already = no call that changes anything. `onProgress` gets lines for people, sanitised. */
  ensureImage(build: ImageBuild, onProgress: (line: string) => void): Promise<void>;
  createNetwork(network: NetworkSpec): Promise<void>;
  /** `env` is the container's whole environment, secrets included: it goes into the request's body only. */
  createContainer(
    container: ContainerSpec,
    env: { readonly [name: string]: string },
  ): Promise<void>;
  start(ref: ComponentRef): Promise<void>;
  /** TERM, then KILL after `graceMs`. */
  stop(ref: ComponentRef, graceMs: number): Promise<void>;
  remove(ref: ComponentRef): Promise<void>;

  exec(ref: ComponentRef, request: ExecRequest): Promise<ExecResult>;
  /**
   * argv for a terminal in the container, the user switch included; run it with the terminal inherited. `held` names a
   * terminal that is to go on when the person's own is closed: where one of that name goes on it is given back, whatever
   * `argv` is. A backend that holds none runs `argv`.
   */
  attachCommand(
    ref: ComponentRef,
    argv: readonly string[],
    held?: string | null,
  ): readonly string[];
  /** The same without a terminal: streams of the caller, exit code of the program. */
  execCommand(ref: ComponentRef, argv: readonly string[]): readonly string[];
  /** Puts files below `folder` of a created or running container; whole or an error. */
  copyIn(ref: ComponentRef, folder: string, files: readonly CopiedFile[]): Promise<void>;
  /** Reads one file, at most `maxBytes`; null when there is none. */
  copyOut(ref: ComponentRef, path: string, maxBytes: number): Promise<Uint8Array | null>;
  signal(ref: ComponentRef, signal: string): Promise<void>;
  /**
   * True while somebody works in the container: an attached session, a program that was started there. What `exec` of
   * this object runs does not count. False for what does not run or is not there. Costs calls, so it is asked only of
   * a bottle that is about to be interrupted; when a busy one becomes idle, `watch` hints at it.
   */
  isBusy(ref: ComponentRef): Promise<boolean>;
  /** Lines, raw: the caller sanitises before a terminal sees them. */
  logs(
    ref: ComponentRef,
    options: {
      readonly follow: boolean;
      readonly tail: number | null;
      readonly signal: AbortSignal;
    },
  ): AsyncIterable<string>;
  /** Saves the container's file system as an image of this reference. */
  snapshot(ref: ComponentRef, reference: string): Promise<void>;
  /**
   * What the files of the agents of `fleet` take, of those that `limits` names, in bytes; one that is not there is left
   * out. A count may end where it is past its limit. It costs seconds where there is much, so nobody asks who has to go on.
   */
  diskUse(
    fleet: FleetName,
    limits: ReadonlyMap<BottleName, number>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<BottleName, DiskUse>>;
  stats(ref: ComponentRef): Promise<{ readonly cpuSeconds: number; readonly memoryBytes: number }>;
}
