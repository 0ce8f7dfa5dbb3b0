import { type Document, isMap, isSeq, type YAMLSeq } from 'yaml';
import { UneditableText } from './yaml-edit.ts';

/** The list under `key` of a document, made when it is not there. Throws `UneditableText` for anything else. */
export function listOf(document: Document, key: string): YAMLSeq {
  if (document.contents === null) document.contents = document.createNode({});
  if (!isMap(document.contents)) throw new UneditableText('the file is not a mapping');
  if (!document.has(key)) document.set(key, document.createNode([]));
  const list = document.get(key);
  if (!isSeq(list)) throw new UneditableText(`"${key}" is not a list`);
  // An empty list can only be written as []; what is added to it goes on lines of its own.
  if (list.items.length === 0) list.flow = false;
  return list;
}
