/** Bounds of everything that an agent may send: past one of them the call is refused with the reason. */
export const LIMITS = {
  hostLength: 253,
  paths: 50,
  pathLength: 512,
  methods: 16,
  secretLength: 64,
  urlLength: 2_048,
  dockerfileBytes: 64 * 1024,
  /** Kinds of findings in one held request, and text around the first. */
  findings: 20,
  contextLength: 400,
  justificationLength: 2_000,
  /** New proposals of one bottle within `rateWindowMs`. */
  rate: 30,
  rateWindowMs: 60_000,
  /** A file of the queue; larger than the largest proposal that the fields above allow. */
  fileBytes: 192 * 1024,
  noticeBytes: 4 * 1024,
  /** Longest wait that an agent may ask for. */
  waitSeconds: 300,
  /** Age at which a proposal that nobody decided expires. */
  lifetimeMs: 7 * 24 * 60 * 60_000,
  /** Answered proposals of one bottle that are kept beside its queue; git keeps every decision. */
  archived: 10_000,
  /** Files of one bottle that are kept aside because they could not be trusted. */
  quarantined: 500,
  /** Body of one MCP request. */
  requestBytes: 256 * 1024,
} as const;
