import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { takeBackEntries } from './take-back-entries.ts';
import { takeBackItems } from './take-back-items.ts';
import { editYaml, UneditableText } from './yaml-edit.ts';

/** The same place in a file before a change, after it, and now. */
interface Place<Kind = Node | undefined> {
  readonly was: Kind;
  readonly became: Kind;
  readonly is: Kind;
  /** From the top of the file down: keys, and what tells the items of a list apart. */
  readonly path: readonly string[];
}

export type MapPlace = Place<YAMLMap>;
export type ListPlace = Place<YAMLSeq>;

/** Gives what a place holds without the change; undefined for nothing. */
export type TakeBackPlace = (place: Place) => Node | undefined;

type Documents = Omit<Place<Document>, 'path'>;

/**
 * `now` without the change from `before` to `after`: what that change added is gone, what it removed is back, and
 * everything else stays, with comments and order. Throws `UneditableText`, which names the value, where one that it
 * changed was changed again.
 */
export function takeBack(before: string, after: string, now: string): string {
  try {
    const was = readDocument(before);
    const became = readDocument(after);
    return editYaml(now, (is) => {
      const place = {
        was: was.contents ?? undefined,
        became: became.contents ?? undefined,
        is: is.contents ?? undefined,
        path: [],
      };
      is.contents = withoutChange({ was, became, is }, place) ?? null;
    });
  } catch (error) {
    // Aliases that expand without an end, nesting without a bottom.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw new UneditableText(error.message);
  }
}

function readDocument(text: string): Document {
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw new UneditableText(`it was not valid YAML: ${error.message}`);
  return document;
}

function withoutChange(documents: Documents, place: Place): Node | undefined {
  const { was, became, is, path } = place;
  const old = writtenValue(was, documents.was);
  const changed = writtenValue(became, documents.became);
  const current = writtenValue(is, documents.is);
  if (old === changed || current === old) return is;
  const below: TakeBackPlace = (inner) => withoutChange(documents, inner);
  if (isMap(was) && isMap(became) && isMap(is)) {
    return takeBackEntries({ was, became, is, path }, below);
  }
  if (isSeq(was) && isSeq(became) && isSeq(is)) {
    const taken = takeBackItems({ was, became, is, path }, below);
    if (taken !== null) return taken;
  }
  if (current === changed) return copyOf(was, documents);
  const where = path.length === 0 ? 'all of it' : path.join(' › ');
  throw new UneditableText(`${where} was changed again since`);
}

/** The value as text, to be compared; null for none. */
function writtenValue(node: Node | undefined, document: Document): string | null {
  return node === undefined ? null : JSON.stringify(node.toJS(document));
}

/** With comments and style; the value alone where anchors are spoken of, which may mean something else by now. */
function copyOf(node: Node | undefined, { was, is }: Documents): Node | undefined {
  if (node === undefined) return undefined;
  const copy: unknown = hasAnchor(node) ? null : node.clone();
  return isNode(copy) ? copy : is.createNode(node.toJS(was));
}

function hasAnchor(node: Node): boolean {
  let found = false;
  visit(node, {
    Node: (_key, each) => {
      if (!isAlias(each) && each.anchor === undefined) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}
