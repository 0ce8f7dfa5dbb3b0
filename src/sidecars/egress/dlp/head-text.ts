import type { OutboundHead } from '../inspection.ts';

/** The head of a request as one text, so that what is dealt out over its parts is seen too. */
export interface HeadText {
  readonly text: string;
  /**
   * The head with another text of the same length in its place; null where that cannot be sent: the host, the method,
   * names of headers and escapes in URLs are not rewritten.
   */
  rebuild(text: string): OutboundHead | null;
}

/** Host, path, query and values of headers, a line each, then the names of headers and the method. */
export function headText(host: string, head: OutboundHead): HeadText {
  const { method, path, query, headers } = head;
  const values = headers.filter((_, at) => at % 2 === 1);
  const names = headers.filter((_, at) => at % 2 === 0);
  const lines = [host, path, query, ...values, ...names, method];
  return {
    text: lines.join('\n'),
    rebuild(text) {
      let at = 0;
      const read = lines.map((line) => {
        const part = text.slice(at, at + line.length);
        at += line.length + 1;
        return part;
      });
      const [newHost, newPath = '', newQuery = ''] = read;
      const newValues = read.slice(3, 3 + values.length);
      const isSame =
        newHost === host &&
        [...names, method].every((fixed, index) => read[3 + values.length + index] === fixed);
      if (!isSame || /%(?:\*|.\*)/.test(newPath + newQuery)) return null;
      const rewritten = names.flatMap((name, index) => [name, newValues[index] ?? '']);
      return { ...head, path: newPath, query: newQuery, headers: rewritten };
    },
  };
}
