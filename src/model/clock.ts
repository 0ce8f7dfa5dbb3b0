/** Time as a port: the simulation drives it from a seed, the product uses the system's. */
export interface Clock {
  /** Milliseconds since the epoch, for what is told and for what has a date. It may be set, back too. */
  nowMs(): number;
  /** Milliseconds since some moment of this process; it never jumps, so delays and deadlines are counted in it. */
  elapsedMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness as a port, for jitter, ids and minted names. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  bytes(length: number): Uint8Array;
}
