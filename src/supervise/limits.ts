/** Bounds of everything that an agent may send: past one of them the call is refused with the reason. */
export const LIMITS = {
  hostLength: 253,
  paths: 50,
  pathLength: 512,
  methods: 16,
  secretLength: 64,
  justificationLength: 2_000,
  /** New proposals of one bottle within `rateWindowMs`. */
  rate: 30,
  rateWindowMs: 60_000,
  /** A file of the queue; larger than the largest proposal that the fields above allow. */
  fileBytes: 128 * 1024,
  /** Body of one MCP request. */
  requestBytes: 256 * 1024,
} as const;
