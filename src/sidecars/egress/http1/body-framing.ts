/** How the end of a body is found. */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Answers only: it ends with the connection. */
  | { readonly kind: 'close' };

export const NO_BODY: BodyFraming = { kind: 'none' };
export const CHUNKED: BodyFraming = { kind: 'chunked' };
const UNTIL_CLOSE: BodyFraming = { kind: 'close' };

/** The two headers that say how long a message is, as they stand in `headers`; null where they have two readings. */
interface LengthHeaders {
  readonly length: number | null;
  readonly isChunked: boolean;
}

/** Of a request: null where its headers contradict each other or say something that servers read differently. */
export function requestFraming(
  headers: readonly string[],
  minorVersion: number,
): BodyFraming | null {
  const read = readLengthHeaders(headers);
  if (read === null) return null;
  if (read.isChunked) return minorVersion === 1 ? CHUNKED : null;
  if (read.length === null || read.length === 0) return NO_BODY;
  return { kind: 'length', length: read.length };
}

/** Of an answer to a request of this method; null as above. */
export function responseFraming(
  headers: readonly string[],
  method: string,
  status: number,
): BodyFraming | null {
  const read = readLengthHeaders(headers);
  if (read === null) return null;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY;
  if (read.isChunked) return CHUNKED;
  if (read.length === null) return UNTIL_CLOSE;
  return read.length === 0 ? NO_BODY : { kind: 'length', length: read.length };
}

function readLengthHeaders(headers: readonly string[]): LengthHeaders | null {
  let length: number | null = null;
  let isChunked = false;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length !== 14 && name.length !== 17) continue;
    const lower = name.toLowerCase();
    const value = headers[index + 1] ?? '';
    if (lower === 'content-length') {
      if (length !== null || !/^\d{1,15}$/.test(value)) return null;
      length = Number(value);
    } else if (lower === 'transfer-encoding') {
      if (isChunked || value.toLowerCase() !== 'chunked') return null;
      isChunked = true;
    }
  }
  return isChunked && length !== null ? null : { length, isChunked };
}
