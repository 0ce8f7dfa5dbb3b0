import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { DiagnosticCode } from '../model/diagnostic.ts';
import { checkNodes } from './check-nodes.ts';
import { type Locator, locator } from './locator.ts';
import type { Position, Problems } from './problems.ts';

/** A YAML text as plain values, and where each of them was written. */
export interface YamlFile {
  readonly path: string;
  readonly value: unknown;
  readonly locate: Locator;
}

/** Reads one document of YAML 1.2. Null when there is nothing that could be checked further. */
export function parseYaml(path: string, text: string, problems: Problems): YamlFile | null {
  const lines = new LineCounter();
  const at = (offset: number) => charactersAt(text, lines, offset);
  const errorsBefore = problems.errorCount;
  const fail = (code: DiagnosticCode, message: string, offset: number, hint?: string) =>
    problems.error({ code, message, hint, file: path, at: at(offset) });

  const document = readDocument(text, lines);
  if (document === null) {
    fail('yaml-syntax', 'the file is nested too deep to be read', 0, 'write it flatter');
    return null;
  }
  for (const error of [...document.errors, ...document.warnings]) reportYamlError(error, fail);
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    fail('yaml-syntax', 'the file asks for another YAML than 1.2', 0, 'remove the %YAML line');
  }
  if (document.contents === null) {
    if (problems.errorCount === errorsBefore)
      fail('empty-file', 'the file is empty', 0, 'fill it or remove it');
    return null;
  }
  const isExpandable = checkNodes(document, fail);
  const value = isExpandable ? expand(document, fail) : undefined;
  if (value === undefined) return null;
  return { path, value, locate: locator(document, at) };
}

type Fail = (code: DiagnosticCode, message: string, offset: number, hint?: string) => void;

function readDocument(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, {
      version: '1.2',
      lineCounter,
      prettyErrors: false,
      // Found in `checkNodes`, in linear time and with its own message.
      uniqueKeys: false,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function reportYamlError(error: YAMLError, fail: Fail): void {
  const offset = error.pos[0];
  if (error.code === 'MULTIPLE_DOCS') {
    fail(
      'multiple-documents',
      'the file holds two documents',
      offset,
      'one file describes one thing: split it at "---"',
    );
  } else if (error.code === 'TAB_AS_INDENT') {
    fail('tab-indentation', 'a tab is used as indentation', offset, 'indent with spaces');
  } else {
    fail('yaml-syntax', error.message.split('\n')[0] ?? error.code, offset);
  }
}

function expand(document: Document.Parsed, fail: Fail): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    fail('alias-bomb', 'aliases expand to far more than was written', 0, 'write the values out');
    return undefined;
  }
}

function charactersAt(text: string, lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  if (line === 0) return { line: 1, column: 1 };
  const start = lines.lineStarts[line - 1] ?? 0;
  return { line, column: Array.from(text.slice(start, start + col - 1)).length + 1 };
}
