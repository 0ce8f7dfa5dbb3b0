import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { isSameHost } from './edit/listed-host.ts';

/** Where the entry of a host is written in a file of routes or of an allowlist; lines count from 1. */
export interface GrantLines {
  /** The line that names the host. */
  readonly host: number;
  /** The line of a value of the entry, such as a path or a method; null where it does not stand there. */
  readonly lineOf: (value: string) => number | null;
}

/** Null when the text is not YAML, or has no entry of the host. */
export function grantLines(
  text: string,
  kind: 'routes' | 'allowlists',
  host: string,
): GrantLines | null {
  const counter = new LineCounter();
  const document = parseDocument(text, { version: '1.2', lineCounter: counter, logLevel: 'error' });
  const list = document.get(kind === 'routes' ? 'routes' : 'hosts');
  if (!isSeq(list)) return null;
  for (const item of list.items) {
    const named = isMap(item) ? item.get('host', true) : item;
    if (!isScalar(named) || typeof named.value !== 'string') continue;
    if (!isSameHost(named.value, host)) continue;
    const line = (node: Node) => counter.linePos(node.range?.[0] ?? 0).line;
    return { host: line(named), lineOf: (value) => lineOfScalar(item, value, line) };
  }
  return null;
}

function lineOfScalar(item: unknown, value: string, line: (node: Node) => number): number | null {
  if (!isMap(item)) return null;
  let found: number | null = null;
  visit(item, {
    Scalar(key, node) {
      if (key === 'key' || String(node.value) !== value) return undefined;
      found = line(node);
      return visit.BREAK;
    },
  });
  return found;
}
