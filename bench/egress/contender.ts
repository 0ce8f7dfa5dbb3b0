/** Something that is measured: a way from the load generator to the upstream. */
export interface Contender {
  readonly name: string;
  /** Null: the direct way. */
  readonly proxyPort: number | null;
  /** Of the process whose time and memory count; null for the direct way. */
  readonly pid: number | null;
  /** PEM of the authority that its certificates are verified by. */
  readonly caPem: string;
}

/** Where contenders lead, and what they may use. */
export interface Surroundings {
  /** For files; short, and gone afterwards. */
  readonly folder: string;
  /** Ports of the upstream, which is called `localhost`. */
  readonly ports: readonly number[];
  /** PEM of its certificate, which is its own authority. */
  readonly upstreamPem: string;
  readonly defer: (cleanup: () => unknown) => void;
}
