/** What one bottle may take from its proxy. Each limit has its refusal, named here. */
export interface Limits {
  /** Request line and headers together: 431. */
  readonly headBytes: number;
  /** Lines in one head, and in trailers: 431. */
  readonly headerLines: number;
  /** Characters of the target in a request line: 414. */
  readonly urlLength: number;
  /** Time from the first byte of a head to its last, and for a TLS handshake: 408, or the connection ends. */
  readonly headMs: number;
  /** Until a name is resolved: 504. */
  readonly lookupMs: number;
  /** A connection without a request: it ends. */
  readonly idleMs: number;
  /** An exchange, WebSocket or tunnel in which no byte moves: it ends. */
  readonly silentMs: number;
  /** Connections of the bottle: more are closed at once. */
  readonly connections: number;
  /** CONNECT tunnels that are open at a time: 503. */
  readonly tunnels: number;
  /** Requests at a time on one HTTP/2 connection: REFUSED_STREAM. */
  readonly streams: number;
  /** PING and SETTINGS frames, and streams that are reset, in a second on one HTTP/2 connection: ENHANCE_YOUR_CALM. */
  readonly controlFramesPerSecond: number;
  /** A WebSocket message that is looked at: 1009. */
  readonly messageBytes: number;
  /** Bodies and WebSocket messages that are held to be looked at, all together: 503, or 1013. */
  readonly heldBytes: number;
}

/** An hour of silence is what a long poll or a thinking model may need. */
export const LIMITS: Limits = {
  headBytes: 65_536,
  headerLines: 200,
  urlLength: 16_384,
  headMs: 20_000,
  lookupMs: 10_000,
  idleMs: 65_000,
  silentMs: 3_600_000,
  connections: 4096,
  tunnels: 1024,
  streams: 128,
  controlFramesPerSecond: 200,
  messageBytes: 16_777_216,
  heldBytes: 67_108_864,
};
