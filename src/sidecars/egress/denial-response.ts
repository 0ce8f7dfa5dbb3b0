import type { IncomingMessage, ServerResponse } from 'node:http';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { EgressDenial } from './decide.ts';

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
    error: denial.status === 502 ? 'upstream_unreachable' : 'egress_denied',
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
  request: IncomingMessage,
  response: ServerResponse,
  denial: EgressDenial,
  denied: DeniedRequest,
): void {
  const { contentType, body } = denialBody(denial, denied, request.headers.accept);
  const headers: { [name: string]: string | number } = {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  // A client that waits for 100-continue and gets this instead never sends the body: the connection is spent.
  if (request.headers.expect !== undefined) headers['connection'] = 'close';
  response.writeHead(denial.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The same for a CONNECT, where there is only a socket. */
export function denialText(denial: EgressDenial, denied: DeniedRequest, accept?: string): string {
  const { contentType, body } = denialBody(denial, denied, accept);
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${denial.status} Refused\r\ncontent-type: ${contentType}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`;
}
