/** Header lines as they came: name, value, name, value. */
export type ParsedLines =
  | { readonly ok: true; readonly headers: string[] }
  | { readonly ok: false; readonly problem: string };

const TOKEN = classOf(/[!#$%&'*+.^_`|~0-9A-Za-z-]/);
/** Visible characters, blanks, tabs, and bytes above ASCII, which are passed on as they are. */
const VALUE = classOf(/[\t\x20-\x7e\x80-\xff]/);
const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const COLON = 0x3a;

/**
 * Reads header lines, each ended by CR LF, from `start` to the end of `text` (latin1). Whatever two parsers could read
 * differently is a problem: folded lines, a blank before the colon, bare CR or LF, control characters, no name.
 */
export function parseHeaderLines(text: string, start: number, maxLines: number): ParsedLines {
  const headers: string[] = [];
  const { length } = text;
  let at = start;
  while (at < length) {
    if (headers.length >= maxLines * 2) return bad(`more than ${maxLines} header lines`);
    const nameStart = at;
    while (at < length && TOKEN[text.charCodeAt(at)] === 1) at += 1;
    if (at === nameStart || text.charCodeAt(at) !== COLON) {
      return bad('a header line does not begin with a name and a colon');
    }
    const name = text.slice(nameStart, at);
    at += 1;
    while (isBlank(text.charCodeAt(at))) at += 1;
    const valueStart = at;
    while (at < length && VALUE[text.charCodeAt(at)] === 1) at += 1;
    if (text.charCodeAt(at) !== RETURN || text.charCodeAt(at + 1) !== LINE_FEED) {
      return bad('a header value holds a control character or a line end that is not CR LF');
    }
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd -= 1;
    headers.push(name, text.slice(valueStart, valueEnd));
    at += 2;
  }
  return { ok: true, headers };
}

/** Whether a name and a value may stand in a header line; for those that did not come in one. */
export function isHeaderLine(name: string, value: string): boolean {
  return isAll(TOKEN, name) && name !== '' && isAll(VALUE, value);
}

function isAll(allowed: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (allowed[text.charCodeAt(at)] !== 1) return false;
  return true;
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}

function classOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) =>
    pattern.test(String.fromCharCode(code)) ? 1 : 0,
  );
}

function bad(problem: string): ParsedLines {
  return { ok: false, problem };
}
