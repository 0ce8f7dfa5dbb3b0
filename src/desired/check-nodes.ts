import { type Document, isAlias, isMap, isPair, isScalar, isSeq } from 'yaml';
import type { DiagnosticCode } from '../model/diagnostic.ts';
import { quote } from './problems.ts';

const MAX_DEPTH = 40;
const MAX_ALIASES = 100;

type Fail = (code: DiagnosticCode, message: string, offset: number, hint?: string) => void;

/** Reports duplicate keys, keys that are not texts, and aliases that do not resolve. False = do not expand it. */
export function checkNodes(document: Document.Parsed, fail: Fail): boolean {
  const walk: Walk = { fail, anchors: new Set(), aliases: 0, isExpandable: true };
  visit(document.contents, 0, walk);
  return walk.isExpandable;
}

interface Walk {
  readonly fail: Fail;
  readonly anchors: Set<string>;
  aliases: number;
  isExpandable: boolean;
}

function visit(node: unknown, depth: number, walk: Walk): void {
  if (depth > MAX_DEPTH) {
    if (walk.isExpandable) {
      walk.fail(
        'yaml-syntax',
        `values are nested deeper than ${MAX_DEPTH}`,
        offsetOf(node),
        'write it flatter',
      );
    }
    walk.isExpandable = false;
    return;
  }
  if (isAlias(node)) {
    visitAlias(node.source, offsetOf(node), walk);
    return;
  }
  if (isMap(node)) {
    visitKeys(node.items, walk);
    for (const pair of node.items) visit(pair.value, depth + 1, walk);
  }
  if (isSeq(node))
    for (const item of node.items) visit(isPair(item) ? item.value : item, depth + 1, walk);
  if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
    walk.anchors.add(node.anchor);
}

function visitAlias(source: string, offset: number, walk: Walk): void {
  walk.aliases += 1;
  if (walk.aliases === MAX_ALIASES + 1) {
    walk.fail(
      'alias-bomb',
      `the file has more than ${MAX_ALIASES} aliases`,
      offset,
      'write the values out',
    );
    walk.isExpandable = false;
  }
  if (walk.anchors.has(source)) return;
  walk.fail(
    'yaml-syntax',
    `alias ${quote(`*${source}`)} has no anchor before it`,
    offset,
    `set it with &${source.slice(0, 80)}`,
  );
  walk.isExpandable = false;
}

function visitKeys(pairs: readonly { readonly key: unknown }[], walk: Walk): void {
  const seen = new Set<string>();
  for (const { key } of pairs) {
    if (!isScalar(key)) {
      walk.fail('wrong-type', 'a key is not a text', offsetOf(key), 'keys are plain names');
      walk.isExpandable = false;
      continue;
    }
    const name = String(key.value);
    if (name === '__proto__') {
      walk.fail(
        'invalid-name',
        `${quote(name)} cannot be a key`,
        offsetOf(key),
        'choose another name',
      );
      walk.isExpandable = false;
    }
    if (seen.has(name)) {
      walk.fail(
        'duplicate-key',
        `key ${quote(name)} is given twice`,
        offsetOf(key),
        'keep one of them',
      );
    }
    seen.add(name);
  }
}

function offsetOf(node: unknown): number {
  const isNode = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  return isNode ? (node.range?.[0] ?? 0) : 0;
}
