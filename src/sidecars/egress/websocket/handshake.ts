import { createHash } from 'node:crypto';
import type { EgressRequest } from '../decide.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The key of a request that asks for a WebSocket in the one way that RFC 6455 knows; null for every other. */
export function webSocketKey({ method, headers }: EgressRequest): string | null {
  const upgrade = headers.get('upgrade');
  if (upgrade?.length !== 1 || upgrade[0]?.toLowerCase() !== 'websocket') return null;
  const connection = headers.get('connection')?.join(',') ?? '';
  if (method !== 'GET' || !/(?:^|[\s,])upgrade(?:$|[\s,])/i.test(connection)) return null;
  const keys = headers.get('sec-websocket-key');
  const key = keys?.length === 1 ? keys[0] : undefined;
  return key !== undefined && /^[A-Za-z0-9+/]{22}==$/.test(key) ? key : null;
}

/** Whether these headers of a 101 answer that key. */
export function isAccepted(key: string | null, headers: readonly string[]): boolean {
  if (key === null) return false;
  const expected = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const values = (wanted: string) =>
    headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === wanted);
  const accepts = values('sec-websocket-accept');
  return (
    accepts.length === 1 &&
    accepts[0] === expected &&
    values('upgrade').join().toLowerCase() === 'websocket'
  );
}
