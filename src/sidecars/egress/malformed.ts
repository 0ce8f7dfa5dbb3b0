import type { EgressDenial, EgressRequest } from './decide.ts';
import type { AgentExchange } from './exchange.ts';
import { webSocketKey } from './websocket/handshake.ts';

/** Why a request that can be read is refused whatever the rules say; null where it has one reading only. */
export function malformed(
  { framing }: Pick<AgentExchange, 'framing'>,
  request: EgressRequest,
): EgressDenial | null {
  if (isBrokenUpgrade(request)) return BROKEN_UPGRADE;
  return framing.kind !== 'none' && BODILESS.has(request.method) ? UNEXPECTED_BODY : null;
}

/**
 * Some servers do not expect a body there and read it as the next request: one that nobody has judged. Of `DELETE` and
 * `OPTIONS` the same is said, but well-known interfaces want their bodies.
 */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const UNEXPECTED_BODY: EgressDenial = {
  kind: 'deny',
  status: 400,
  reason: 'a body of GET or HEAD has two readings: some servers take it for another request',
  try: 'use POST, or put what it says into the query',
};

const BROKEN_UPGRADE: EgressDenial = {
  kind: 'deny',
  status: 400,
  reason: 'an upgrade to WebSocket has to be asked for as RFC 6455 says',
  try: 'use GET with Connection, Upgrade and Sec-WebSocket-Key, each once',
};

function isBrokenUpgrade(request: EgressRequest): boolean {
  const upgrade = request.headers.get('upgrade');
  if (upgrade === undefined || !/websocket/i.test(upgrade.join())) return false;
  return webSocketKey(request) === null;
}
