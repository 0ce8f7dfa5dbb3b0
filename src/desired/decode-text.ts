import { FILE_START, type Position, type Problems } from './problems.ts';
import type { TreeFile } from './tree-file.ts';

export const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Text of a YAML file, or null when reading it as YAML would only add noise: not UTF-8, or holding conflict markers.
 * Each fault that editors and merges leave behind is told by its own name.
 */
export function decodeText(path: string, file: TreeFile, problems: Problems): string | null {
  const text = decodeUtf8(file.bytes);
  if (text === null) {
    problems.error({
      code: 'not-utf8',
      message: 'the file is not UTF-8',
      hint: 'save it as UTF-8',
      file: path,
      at: FILE_START,
    });
    return null;
  }
  const unmarked = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (unmarked !== text) {
    problems.error({
      code: 'byte-order-mark',
      message: 'the file begins with a byte order mark',
      hint: 'save it as UTF-8 without BOM',
      file: path,
      at: FILE_START,
    });
  }
  const carriageReturn = unmarked.indexOf('\r');
  if (carriageReturn !== -1) {
    problems.error({
      code: 'crlf',
      message: 'the file has CRLF line ends',
      hint: 'save it with LF line ends, e.g. with "* text eol=lf" in .gitattributes',
      file: path,
      at: positionOf(unmarked, carriageReturn),
    });
  }
  return hasConflictMarkers(path, unmarked, problems) ? null : unmarked;
}

/** Text of bytes that are UTF-8 throughout, else null. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** 1-based line and column of an offset in UTF-16 units; columns count characters. */
function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return {
    line: before.split('\n').length,
    column: Array.from(before.slice(lineStart)).length + 1,
  };
}

function hasConflictMarkers(path: string, text: string, problems: Problems): boolean {
  if (!/^(?:<{7}|>{7})/m.test(text)) return false;
  const lines = text.split('\n');
  const marked = lines.flatMap((line, index) => (/^<{7}(?:\s|$)/.test(line) ? [index + 1] : []));
  for (const line of marked) {
    problems.error({
      code: 'conflict-marker',
      message: 'a merge conflict was committed',
      hint: 'resolve it and remove the markers',
      file: path,
      at: { line, column: 1 },
    });
  }
  return marked.length > 0;
}
