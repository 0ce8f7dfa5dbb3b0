import { withoutBackslashes } from './normalise.ts';

/** Of a long value only both ends are joined: what is inside it was looked at where it stands. */
const END = 2048;

/**
 * The values of a JSON text, a form or a multipart body one after the other, without what stands between them, so that
 * a secret that was dealt out over several is whole again. Null where there are not two of them.
 */
export function joinedValues(text: string): string | null {
  const values = multipartValues(text) ?? formValues(text) ?? stringValues(text);
  return values.length < 2 ? null : values.map(bothEnds).join('');
}

function bothEnds(value: string): string {
  return value.length <= 2 * END ? value : `${value.slice(0, END)}\n${value.slice(-END)}`;
}

function multipartValues(text: string): readonly string[] | null {
  const boundary = /^(?:\r\n)?(--[^\r\n]{1,72})\r\n/.exec(text)?.[1];
  if (boundary === undefined) return null;
  return text.split(boundary).flatMap((part) => {
    const head = part.indexOf('\r\n\r\n');
    return head === -1 ? [] : [part.slice(head + 4).replace(/\r\n$/, '')];
  });
}

function formValues(text: string): readonly string[] | null {
  if (!/^\??[^\s"'{}<>=&]{0,256}=/.test(text) || !text.includes('&')) return null;
  return text.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Every text in double quotes that no colon follows: values of JSON, of many objects or of a broken one too. */
function stringValues(text: string): readonly string[] {
  const values: string[] = [];
  let start = text.indexOf('"');
  while (start !== -1) {
    const end = endOfString(text, start + 1);
    if (end === -1) break;
    if (!isKey(text, end + 1)) values.push(withoutBackslashes(text.slice(start + 1, end)));
    start = text.indexOf('"', end + 1);
  }
  return values;
}

function endOfString(text: string, from: number): number {
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index += 1;
  }
  return -1;
}

function isKey(text: string, after: number): boolean {
  let index = after;
  while (index < text.length && index - after < 16 && text.charCodeAt(index) <= 0x20) index += 1;
  return text[index] === ':';
}
