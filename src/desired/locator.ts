import { type Document, isMap, isNode, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Position } from './problems.ts';

export type Path = readonly (string | number)[];

/** Where things of a file were written. A path that leads past what is there ends at the last thing that is. */
export interface Locator {
  value(path: Path): Position;
  /** The key itself, for what is wrong with the name rather than with the value. */
  key(path: Path): Position;
}

/** `at` turns an offset into a position. */
export function locator(document: Document.Parsed, at: (offset: number) => Position): Locator {
  const place = (node: Node | undefined) => at(node?.range?.[0] ?? 0);
  return {
    value: (path) => place(descend(document, path)),
    key: (path) => {
      const key = findPair(descend(document, path.slice(0, -1)), path.at(-1))?.key;
      return place(isNode(key) ? key : descend(document, path));
    },
  };
}

function descend(document: Document.Parsed, path: Path): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  for (const step of path) {
    const next = child(node, step);
    if (next === undefined) break;
    node = next;
  }
  return node;
}

function child(node: Node | undefined, step: string | number): Node | undefined {
  const found = isSeq(node) ? node.items[Number(step)] : findPair(node, step)?.value;
  if (isPair(found)) return isNode(found.key) ? found.key : undefined;
  return isNode(found) ? found : undefined;
}

function findPair(node: Node | undefined, key: string | number | undefined): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}
