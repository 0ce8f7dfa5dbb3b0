import type { Bench } from './bench.ts';
import type { BenchFleet } from './fleet.ts';
import { runInBottle } from './in-bottle.ts';

/** What the agent says of each proposal, by a clock that is `epochMs`. */
interface Proposed {
  readonly calledMs: number;
  readonly returnedMs: number;
}

interface Proposing {
  readonly bottle: string;
  readonly prefix: string;
  readonly count: number;
}

/** Between two proposals: a bottle may make 30 in a minute. */
const WORKING_MS = 2_100;

/** Milliseconds since the epoch, with fractions: comparable with another process of this machine. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** An agent in `bottle` that proposes routes over MCP, to `count` hosts `<prefix><n>.example.test`, one by one. */
export function startProposing(
  bench: Bench,
  fleet: BenchFleet,
  { bottle, prefix, count }: Proposing,
): { next(): Promise<Proposed> } {
  const agent = runInBottle(bench, fleet, bottle, program(prefix, count));
  return {
    async next() {
      const said = await agent.next();
      if (!isProposed(said)) throw new Error(`the agent said ${JSON.stringify(said)}`);
      return said;
    },
  };
}

function isProposed(said: unknown): said is Proposed {
  return typeof said === 'object' && said !== null && 'calledMs' in said && 'returnedMs' in said;
}

const program = (prefix: string, count: number): string => `
let id = 0;
let session;
async function rpc(method, params, isCall = true) {
  id += 1;
  const response = await fetch('http://supervise:9100/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', method, params, ...(isCall ? { id } : {}) }),
  });
  session ??= response.headers.get('mcp-session-id') ?? undefined;
  return response.text();
}
const clientInfo = { name: 'bench', version: '1' };
await rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
await rpc('notifications/initialized', {}, false);
for (let index = 0; index < ${count}; index += 1) {
  const calledMs = performance.timeOrigin + performance.now();
  const answer = await rpc('tools/call', {
    name: 'egress-block',
    arguments: {
      host: '${prefix}' + index + '.example.test',
      path_allowlist: ['/v1/'],
      methods: ['GET'],
      justification: 'measured',
    },
  });
  const returnedMs = performance.timeOrigin + performance.now();
  if (!/approved/i.test(answer)) throw new Error(answer);
  console.log(JSON.stringify({ calledMs, returnedMs }));
  await new Promise((resume) => setTimeout(resume, ${WORKING_MS}));
}
`;
