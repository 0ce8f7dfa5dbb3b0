import type { Diagnostic } from '../model/diagnostic.ts';
import { sanitizeLine } from '../model/sanitize.ts';

/** 1-based place in a file. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export const FILE_START: Position = { line: 1, column: 1 };

type Problem = Omit<Diagnostic, 'severity' | 'line' | 'column' | 'hint'> & {
  readonly at: Position;
  readonly hint?: string | undefined;
};

/** Collects every problem of a commit, so that all are told at once. The one mutable thing of a load. */
export class Problems {
  readonly #found = new Map<string, Diagnostic>();
  #errors = 0;

  get errorCount(): number {
    return this.#errors;
  }

  error(problem: Problem): void {
    this.#add('error', problem);
  }

  warning(problem: Problem): void {
    this.#add('warning', problem);
  }

  /** Without repetitions, ordered by place: the order of files and checks does not show. */
  list(): readonly Diagnostic[] {
    return [...this.#found.values()].sort(
      (a, b) =>
        compare(a.file, b.file) ||
        a.line - b.line ||
        a.column - b.column ||
        compare(a.code, b.code) ||
        compare(a.message, b.message),
    );
  }

  #add(severity: Diagnostic['severity'], { at, hint: rawHint, ...raw }: Problem): void {
    const { line, column } = at;
    // Also what a library quotes of a file is text from outside.
    const rest = { ...raw, message: sanitizeLine(raw.message, 1000) };
    const hint = rawHint === undefined ? undefined : sanitizeLine(rawHint, 1000);
    const diagnostic = { ...rest, severity, line, column, ...(hint === undefined ? {} : { hint }) };
    const key = JSON.stringify([rest.file, line, column, rest.code, rest.message]);
    if (this.#found.has(key)) return;
    this.#found.set(key, diagnostic);
    if (severity === 'error') this.#errors += 1;
  }
}

/** Text of a file as it may stand in a message: quoted, short, nothing unprintable. */
export function quote(raw: string): string {
  return `"${sanitizeLine(raw, 80)}"`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
