import { type BodyFraming, responseFraming } from './body-framing.ts';
import { parseHeaderLines } from './header-lines.ts';

/** The head of one answer of an upstream. */
export interface ResponseHead {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly framing: BodyFraming;
  /** Whether the connection may carry another request afterwards. */
  readonly isKept: boolean;
}

const MAX_LINES = 500;

/** Reads a whole head without its last empty line (latin1); null where it is not one, or has two readings. */
export function parseResponseHead(text: string, method: string): ResponseHead | null {
  const lineEnd = text.indexOf('\r\n');
  const line = /^HTTP\/1\.([01]) (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(
    text.slice(0, lineEnd),
  );
  if (line === null) return null;
  const status = Number(line[2]);
  const lines = parseHeaderLines(text, lineEnd + 2, MAX_LINES);
  if (!lines.ok || status < 100) return null;
  const framing = responseFraming(lines.headers, method, status);
  if (framing === null) return null;
  const isKept = line[1] === '1' && framing.kind !== 'close' && !saysClose(lines.headers);
  return { status, headers: lines.headers, framing, isKept };
}

/** Whether `Connection` asks for the end of the connection. */
export function saysClose(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    if (/(?:^|[\s,])close(?:$|[\s,])/i.test(headers[index + 1] ?? '')) return true;
  }
  return false;
}
