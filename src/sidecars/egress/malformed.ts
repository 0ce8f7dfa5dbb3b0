import type { EgressDenial, EgressRequest } from './decide.ts';
import { webSocketKey } from './websocket/handshake.ts';

/** Why a request that can be read is refused whatever the rules say; null where it has one reading only. */
export function malformed(request: EgressRequest): EgressDenial | null {
  return isBrokenUpgrade(request) ? BROKEN_UPGRADE : null;
}

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
