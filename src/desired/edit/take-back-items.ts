import { isMap, isNode, isScalar, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { parseHost } from '../host-name.ts';
import { placeBelow } from './place-below.ts';
import type { ListPlace, TakeBackPlace } from './take-back.ts';
import { UneditableText } from './yaml-edit.ts';

/** Items by what tells them apart, in order. */
type Items = Map<string, Node>;

/**
 * Takes a change of a list back, item by item, whatever stands between them by now. Null when the change put the items
 * in another order, which says nothing of a list that has others.
 */
export function takeBackItems(place: ListPlace, takeBackPlace: TakeBackPlace): YAMLSeq | null {
  const { is: list, path } = place;
  const was = itemsOf(place.was);
  const became = itemsOf(place.became);
  const is = itemsOf(list);
  if (!isInOrder(was, became) || isAnotherNow(was, became, is)) return null;
  const kept = new Map(is);
  for (const name of new Set([...was.keys(), ...became.keys()])) {
    const inner = { was: was.get(name), became: became.get(name), is: is.get(name) };
    const taken = takeBackPlace({ ...inner, path: [...path, wordsFor(name)] });
    if (taken === undefined) kept.delete(name);
    else if (kept.has(name)) kept.set(name, taken);
    else insert(kept, name, taken, placeBelow(name, [...was.keys()], [...kept.keys()]));
  }
  // A set may be empty; a rule without paths allows every path, so its list must not be.
  if (kept.size === 0 && was.size > 0 && path.length > 1) {
    throw new UneditableText(`${path.join(' › ')} was changed again since`);
  }
  list.items = [...kept.values()];
  if (kept.size === 0) list.flow = true;
  return list;
}

function itemsOf(list: YAMLSeq): Items {
  const items: Items = new Map();
  for (const item of list.items) {
    if (!isNode(item)) continue;
    const name = nameOf(item);
    let count = 1;
    while (items.has(numbered(name, count))) count += 1;
    items.set(numbered(name, count), item);
  }
  return items;
}

function numbered(name: string, count: number): string {
  return count === 1 ? name : `${name} (${count})`;
}

/** Hosts are told apart by their names, in any spelling and form; matches by what else they ask for than paths. */
function nameOf(item: Node): string {
  if (isScalar(item)) return hostOf(String(item.value));
  if (isMap(item)) {
    const host = item.get('host');
    if (typeof host === 'string') return hostOf(host);
    const name = item.get('name');
    if (typeof name === 'string') return name;
    if (item.has('methods') || item.has('headers')) return matchOf(item);
  }
  return JSON.stringify(item);
}

function hostOf(raw: string): string {
  const parsed = parseHost(raw);
  return parsed.ok ? parsed.value : raw;
}

function matchOf(item: YAMLMap): string {
  return JSON.stringify({ methods: item.get('methods'), headers: item.get('headers') });
}

/** What has no name of its own is told by its whole text. */
function isNameless(name: string): boolean {
  return /^[[{]/.test(name);
}

function wordsFor(name: string): string {
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}

/** Whether what is in both stands in the same order. */
function isInOrder(left: Items, right: Items): boolean {
  const common = [...left.keys()].filter((name) => right.has(name));
  const others = [...right.keys()].filter((name) => left.has(name));
  return common.every((name, index) => name === others[index]);
}

/** Whether something nameless that the change made may be here with another text. */
function isAnotherNow(was: Items, became: Items, is: Items): boolean {
  const isLost = [...became.keys()].some(
    (name) => isNameless(name) && !was.has(name) && !is.has(name),
  );
  const isNew = (name: string) => isNameless(name) && !was.has(name) && !became.has(name);
  return isLost && [...is.keys()].some(isNew);
}

function insert(items: Items, name: string, item: Node, at: number): void {
  const entries = [...items];
  entries.splice(at, 0, [name, item]);
  items.clear();
  for (const [key, value] of entries) items.set(key, value);
}
