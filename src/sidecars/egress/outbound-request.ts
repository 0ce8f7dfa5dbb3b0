import { formatAuthority } from './authority.ts';
import { DEFAULT_PORT, type EgressRequest, type InjectedHeader } from './decide.ts';
import type { AgentExchange } from './exchange.ts';
import type { OutboundHead } from './inspection.ts';
import type { CollectedBody } from './relay.ts';
import { outboundHeaders } from './request-headers.ts';
import type { UpstreamRequest } from './upstream/upstream-exchange.ts';
import { webSocketKey } from './websocket/handshake.ts';

/** What would be sent of a request, without the credential: an inspection looks at this. */
export function outboundHead(
  exchange: AgentExchange,
  { method, path, query }: EgressRequest,
  inject: InjectedHeader | null,
): OutboundHead {
  return { method, path, query, headers: outboundHeaders(exchange.request.headers, inject) };
}

interface Outbound {
  readonly exchange: AgentExchange;
  readonly request: EgressRequest;
  readonly inject: InjectedHeader | null;
  /** As the inspection left it. */
  readonly head: OutboundHead;
  /** Collected, or null where it comes from the agent as it goes. */
  readonly body: CollectedBody | null;
}

/** What is sent: with the credential, set after the inspection looked, and with the framing of the body that goes. */
export function outboundRequest({
  exchange,
  request,
  inject,
  head,
  body,
}: Outbound): UpstreamRequest {
  const { method, path, query, headers: passed } = head;
  const headers = [...passed];
  if (exchange.expectsContinue && body === null) headers.push('expect', '100-continue');
  if (inject !== null) headers.push(inject.name, inject.value);
  return {
    scheme: request.scheme,
    authority: formatAuthority(request.authority, DEFAULT_PORT[request.scheme]),
    method,
    path: path + query,
    headers,
    framing: body === null ? exchange.framing : { kind: 'length', length: body.bytes.length },
    isLast: method === 'GET' && exchange.framing.kind !== 'none',
    webSocketKey: exchange.isHttp2 ? null : webSocketKey(request),
  };
}
