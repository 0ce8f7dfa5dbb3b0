/** The path and query that are decided on and sent: the same bytes for both. */
export type ParsedTarget =
  | {
      readonly ok: true;
      readonly path: string;
      /** With its `?`, or empty. */
      readonly query: string;
    }
  | { readonly ok: false; readonly problem: string };

const MAX_LENGTH = 16_384;

/**
 * Normalises an origin-form target once: escapes of unreserved characters are undone, hexadecimal digits are upper-case.
 * What two servers could read differently is refused: dot segments, encoded slashes, dots, percent signs before those,
 * empty segments, back-slashes, control characters, broken escapes.
 */
export function parseTarget(raw: string): ParsedTarget {
  if (raw.length > MAX_LENGTH) return refuse(`the URL is longer than ${MAX_LENGTH} characters`);
  if (!raw.startsWith('/')) return refuse('the path does not begin with a slash');
  if (!/^[\x21-\x7e]*$/.test(raw))
    return refuse('the URL holds a blank, control or non-ASCII character');
  if (raw.includes('#')) return refuse('the URL holds a fragment');
  const mark = raw.indexOf('?');
  const rawPath = mark === -1 ? raw : raw.slice(0, mark);
  const query = mark === -1 ? '' : raw.slice(mark);
  if (HEADER_LINE.test(query)) return refuse('the query holds an encoded line feed and a header');
  if (PLAIN_PATH.test(rawPath)) return { ok: true, path: rawPath, query };
  const problem = problemOf(rawPath);
  if (problem !== null) return refuse(problem);
  return { ok: true, path: rawPath.replace(ESCAPE, normaliseEscape), query };
}

/** Nothing to decide: no dot at the start of a segment, no escape, no empty segment but the last. */
const PLAIN_PATH =
  /^\/(?:[\w~!$&'()*+,=:@-][\w~!$&'()*+,=:@.-]*\/)*(?:[\w~!$&'()*+,=:@-][\w~!$&'()*+,=:@.-]*)?$/;
/** A line feed, however often it is encoded, with the name of a header or an empty line after it. */
const HEADER_LINE =
  /%(?:25)*0[ad](?:%(?:25)*0a)?(?:[a-z][a-z0-9-]{0,64}(?::|%(?:25)*3a)|%(?:25)*0[ad])/i;
const ESCAPE = /%([0-9a-f]{2})/gi;

function problemOf(path: string): string | null {
  if (path.includes('\\')) return 'the path holds a back-slash';
  if (path.includes('//')) return 'the path holds an empty segment (//)';
  if (/%(?![0-9a-f]{2})/i.test(path)) return 'the path holds a broken percent escape';
  if (/%(?:2f|5c)/i.test(path)) return 'the path holds an encoded slash';
  if (/%(?:[01][0-9a-f]|7f)/i.test(path)) return 'the path holds an encoded control character';
  if (/%(?:c[01]|e0%[89]|f0%8)/i.test(path)) return 'the path holds an overlong encoding';
  if (/%25(?:2e|2f|5c|25|[01][0-9a-f]|7f)/i.test(path)) return 'the path is encoded twice';
  for (const segment of path.split('/')) {
    const name = segment.replace(/(?:;|%3b).*$/i, '').replace(/%2e/gi, '.');
    if (name === '.' || name === '..') return 'the path holds a dot segment';
  }
  return null;
}

function normaliseEscape(raw: string, digits: string): string {
  const character = String.fromCharCode(Number.parseInt(digits, 16));
  return /[\w.~-]/.test(character) ? character : raw.toUpperCase();
}

function refuse(problem: string): ParsedTarget {
  return { ok: false, problem };
}
