import type { Place } from './limits.ts';
import type { Listening } from './listeners.ts';
import type { HostUser } from './records.ts';
import type { Staging } from './staging.ts';

/** All that a sandbox is started with. */
export interface Start {
  /** Null = as ourselves. */
  readonly user: HostUser | null;
  readonly place: Place;
  /** First process of whose user and network namespace the sandbox is made in; null = a user namespace of its own. */
  readonly within: number | null;
  /** Sockets that listen inside a bottle, seen inside from `FIRST_LISTENER` on. */
  readonly listening: Listening | null;
  /** bubblewrap and what it runs, with descriptors as in `DESCRIPTORS`. */
  readonly argv: readonly string[];
  /** A program that only keeps a network: without files of its own to see, it can do without bubblewrap. */
  readonly keeper: readonly string[] | null;
  readonly env: { readonly [name: string]: string | undefined };
  readonly staging: Staging | null;
  readonly files: {
    readonly log: string;
    readonly arguments: string;
    readonly seccomp: string;
    readonly status: string;
    /** May be written: a table for `mount`. */
    readonly mounts: string;
  };
}

/** Descriptors that the sandbox starts with. bubblewrap closes its own three before the program runs. */
export const DESCRIPTORS = { ready: 3, arguments: 4, seccomp: 5, status: 6 } as const;
export const FIRST_LISTENER = 7;

/** A start takes a few dozen milliseconds, and may take seconds on a machine that has too much to do. */
export const START_LIMIT_MS = 20_000;

/** In front of the program that makes the sandbox. */
export function wayIn(within: Start['within']): readonly string[] {
  return within === null
    ? ['unshare', '--user', '--map-root-user', '--']
    : ['nsenter', '-t', String(within), '--user', '--preserve-credentials', '--net', '--'];
}

/** A sandbox that is made and waits for its release; without one it ends by itself. */
export interface Launched {
  readonly pid: number;
  /** Lets the program begin; resolves when its limits and descriptors are in place. Throws when it cannot be. */
  release(): Promise<void>;
  abandon(): void;
}

/** A start that came to nothing. Without a message the reason is in the log. */
export class NotStarted extends Error {}
