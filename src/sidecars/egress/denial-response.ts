import { sanitizeLine } from '../../model/sanitize.ts';
import type { EgressDenial } from './decide.ts';
import type { AgentExchange } from './exchange.ts';
import { NO_BODY } from './http1/body-framing.ts';

/** What was refused, as far as it could be read. */
export interface DeniedRequest {
  readonly host: string;
  readonly path: string;
  readonly method: string;
}

/** The body of a refusal, made for a model to act on: JSON unless the client only takes something else. */
function denialBody(
  denial: EgressDenial,
  denied: DeniedRequest,
  accept: string | undefined,
): { readonly contentType: string; readonly body: string } {
  const { reason } = denial;
  const shown = {
    error:
      denial.status === 502 || denial.status === 504 ? 'upstream_unreachable' : 'egress_denied',
    host: sanitizeLine(denied.host, 255),
    path: sanitizeLine(denied.path),
    method: sanitizeLine(denied.method, 32),
    reason: sanitizeLine(reason),
    try: sanitizeLine(denial.try, 1000),
  };
  if (accept === undefined || /json|\*\/\*/i.test(accept)) {
    return { contentType: 'application/json', body: `${JSON.stringify(shown)}\n` };
  }
  const lines = Object.entries(shown).map(([name, value]) => `${name}: ${value}\n`);
  return { contentType: 'text/plain; charset=utf-8', body: lines.join('') };
}

/** Answers a request with a refusal; what is left of its body is read and thrown away. */
export function sendDenial(
  exchange: AgentExchange,
  denial: EgressDenial,
  denied: DeniedRequest,
): void {
  const { contentType, body } = denialBody(denial, denied, acceptOf(exchange.request.headers));
  const bytes = Buffer.from(body);
  const headers = [
    ...['content-type', contentType, 'cache-control', 'no-store'],
    ...['content-length', String(bytes.length)],
  ];
  const isBare = exchange.request.method === 'HEAD';
  const framing = isBare ? NO_BODY : { kind: 'length' as const, length: bytes.length };
  exchange.respond(denial.status, headers, framing);
  if (!isBare) exchange.write(bytes);
  exchange.end([]);
}

/** The same where there is only a socket. */
export function denialText(denial: EgressDenial, denied: DeniedRequest): string {
  const { contentType, body } = denialBody(denial, denied, undefined);
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${denial.status} Refused\r\ncontent-type: ${contentType}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`;
}

function acceptOf(headers: readonly string[]): string | undefined {
  const index = headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === 'accept');
  return index === -1 ? undefined : headers[index + 1];
}
