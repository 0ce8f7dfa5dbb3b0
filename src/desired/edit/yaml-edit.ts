import { type Document, parse, parseDocument, type ToStringOptions } from 'yaml';

/** The text cannot be edited: it is not what its kind must be, or lacks what the edit is about. */
export class UneditableText extends Error {
  override readonly name = 'UneditableText';
}

/**
 * `text` with `change` made to its document. Lines that the change does not touch stay byte for byte; those it does
 * touch are written by the YAML library, so that no value can break out of its place. Throws `UneditableText`.
 */
export function editYaml(text: string, change: (document: Document) => void): string {
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw new UneditableText(`not valid YAML: ${error.message}`);
  const style = styleOf(text);
  const before = document.toString(style);
  change(document);
  const after = textOf(document, style);
  if (after === before) return text;
  const kept = keepUntouchedLines(text, before, after);
  return holds(kept, document.toJS()) ? kept : after;
}

/** An alias to something that the change removed cannot be written. */
function textOf(document: Document, style: ToStringOptions): string {
  try {
    return document.toString(style);
  } catch (error) {
    throw new UneditableText(error instanceof Error ? error.message : String(error));
  }
}

/** A new file of a kind, with the line that makes editors complete and check it. */
export function newYaml(kind: 'routes' | 'allowlists'): string {
  const key = kind === 'routes' ? 'routes' : 'hosts';
  return `# yaml-language-server: $schema=../../schemas/${kind}.schema.json\n${key}: []\n`;
}

/** Where the library would only have written a line differently, the line as it was. */
function keepUntouchedLines(text: string, before: string, after: string): string {
  const original = chunksOf(text);
  const old = chunksOf(before);
  const next = chunksOf(after);
  const isAligned =
    original.length === old.length &&
    original.every((chunk, index) => squeeze(chunk) === squeeze(old[index] ?? ''));
  if (!isAligned) return after;
  const shorter = Math.min(old.length, next.length);
  let start = 0;
  while (start < shorter && old[start] === next[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === next.at(-1 - end)) end += 1;
  return [
    ...original.slice(0, start),
    ...next.slice(start, next.length - end),
    ...original.slice(original.length - end),
  ].join('');
}

/** Lines, each with the blank lines above it, which the library sets anew; the last one is what follows them all. */
function chunksOf(text: string): readonly string[] {
  return text.match(/\s*[^\s][^\n]*\n?|\s+$/g) ?? [];
}

function squeeze(text: string): string {
  return text.replaceAll(/\s/g, '');
}

function holds(text: string, value: unknown): boolean {
  try {
    return (
      JSON.stringify(parse(text, { version: '1.2', logLevel: 'error' })) === JSON.stringify(value)
    );
  } catch {
    return false;
  }
}

/** How the file is written by hand, as far as the library can follow. */
function styleOf(text: string): ToStringOptions {
  const indent = Math.max(2, /^( +)[^\s#]/m.exec(text)?.[1]?.length ?? 2);
  return {
    lineWidth: 0,
    indent,
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n\1- /m.test(text),
    flowCollectionPadding: /\{ \S/.test(text) && !/\[[^\s\]]/.test(text),
  };
}
