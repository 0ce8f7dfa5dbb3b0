import type { Limits } from '../limits.ts';
import { type BodyFraming, requestFraming } from './body-framing.ts';
import { parseHeaderLines } from './header-lines.ts';

/** The head of one request, as it came. */
export interface RequestHead {
  readonly method: string;
  /** Origin form, absolute form, or `host:port` of a CONNECT. */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly framing: BodyFraming;
}

export interface BadRequestHead {
  readonly status: 400 | 408 | 414 | 431 | 505;
  readonly problem: string;
}

const REQUEST_LINE = /^([A-Z][A-Z_-]{0,31}) ([\x21-\x7e\x80-\xff]+) HTTP\/(\d)\.(\d)$/;

/** Reads a whole head without its last empty line (latin1). Strict: what has two readings is refused. */
export function parseRequestHead(
  text: string,
  limits: Limits,
): { readonly ok: true; readonly head: RequestHead } | ({ readonly ok: false } & BadRequestHead) {
  const lineEnd = text.indexOf('\r\n');
  const line = REQUEST_LINE.exec(text.slice(0, lineEnd));
  if (line === null) return bad(400, 'the request line is not METHOD target HTTP/1.1');
  const [, method = '', target = '', major = '', minor = ''] = line;
  if (major !== '1' || (minor !== '1' && minor !== '0')) {
    return bad(505, 'this connection speaks HTTP/1.1');
  }
  if (target.length > limits.urlLength) {
    return bad(414, `the URL is longer than ${limits.urlLength} characters`);
  }
  const lines = parseHeaderLines(text, lineEnd + 2, limits.headerLines);
  if (!lines.ok) return bad(lines.problem.startsWith('more than') ? 431 : 400, lines.problem);
  const minorVersion = minor === '1' ? 1 : 0;
  const framing = requestFraming(lines.headers, minorVersion);
  if (framing === null) {
    return bad(400, 'Content-Length and Transfer-Encoding do not say one length in one way');
  }
  return { ok: true, head: { method, target, minorVersion, headers: lines.headers, framing } };
}

function bad(
  status: BadRequestHead['status'],
  problem: string,
): { readonly ok: false } & BadRequestHead {
  return { ok: false, status, problem };
}
