/** The process that owns a fleet right now. */
export interface LockHolder {
  readonly pid: number;
  /** RFC 3339. */
  readonly since: string;
  /** `bb controller`. */
  readonly command: string;
  /** Where it answers; null when it serves nobody, as a single pass does. */
  readonly socket: string | null;
}

export type LockOutcome =
  | {
      readonly kind: 'held';
      readonly release: () => Promise<void>;
      /** False when somebody took it away: the state directory was deleted. */
      readonly isOurs: () => Promise<boolean>;
      /** From a holder that died in the middle of something. */
      readonly takenOver: boolean;
    }
  | { readonly kind: 'taken'; readonly holder: LockHolder };

/** One owner a fleet: whoever plans and executes holds it. */
export interface FleetLock {
  /** Takes the lock, also from a holder that died. Never waits for a living one. Throws `StoreError`. */
  acquire(): Promise<LockOutcome>;
  /** Who holds it, null when nobody alive does. */
  holder(): Promise<LockHolder | null>;
}
