import type { IncomingHttpHeaders } from 'node:http2';
import { isHeaderLine } from '../http1/header-lines.ts';

/** Headers as `node:http2` takes them, from name, value, name, value. */
export function headerObject(headers: readonly string[]): { [name: string]: string | string[] } {
  const object: { [name: string]: string | string[] } = Object.create(null);
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? '').toLowerCase();
    const value = headers[index + 1] ?? '';
    const before = object[name];
    if (before === undefined) object[name] = value;
    else if (typeof before === 'string') object[name] = [before, value];
    else before.push(value);
  }
  return object;
}

/** Name, value, name, value, without pseudo-headers and without what could not stand in a line of HTTP/1.1. */
export function flatHeaders(headers: IncomingHttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const each of typeof value === 'string' ? [value] : value) {
      if (isHeaderLine(name, each)) flat.push(name, each);
    }
  }
  return flat;
}

/** Name, value, name, value, with names as HTTP/2 wants them. */
export function lowerCased(headers: readonly string[]): string[] {
  return headers.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
}
