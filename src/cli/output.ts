import { sanitizeBlock, sanitizeJson } from '../model/sanitize.ts';
import { isColoured, type Paint, paintFor } from './colour.ts';
import type { CommandFailure } from './command-failure.ts';
import { formatDiagnosticLines } from './format-diagnostic.ts';
import { wrapText } from './wrap-text.ts';

/** Where text goes: a process's stream, or a test's list. */
export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface Verbosity {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** The only place of the command line that writes: text for people and JSON on stdout, diagnostics on stderr. */
export class Output {
  readonly paint: Paint;
  readonly paintError: Paint;
  readonly isTerminal: boolean;
  /** True when `paint` colours. */
  readonly isColoured: boolean;
  readonly columns: number;
  #verbosity: Verbosity = { quiet: false, verbose: false };
  readonly #stdout: Sink;
  readonly #stderr: Sink;

  constructor(
    stdout: Sink,
    stderr: Sink,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isTerminal = stdout.isTTY;
    this.isColoured = isColoured(environment, stdout.isTTY);
    this.columns = stdout.columns;
    this.paint = paintFor(environment, stdout.isTTY);
    this.paintError = paintFor(environment, stderr.isTTY);
  }

  get quiet(): boolean {
    return this.#verbosity.quiet;
  }

  get verbose(): boolean {
    return this.#verbosity.verbose;
  }

  setVerbosity(verbosity: Verbosity): void {
    this.#verbosity = verbosity;
  }

  /** A result: what was asked for, so `--quiet` does not silence it. */
  line(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** What goes on, and what to do next: silent with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) this.line(text);
  }

  /** Text without a line end, for progress in place and for help. */
  raw(text: string): void {
    this.#stdout.write(text);
  }

  /** Bytes of a bottle: as they are into a pipe, made harmless for a terminal. */
  foreign(text: string): void {
    if (text !== '') this.#stdout.write(this.isTerminal ? harmless(text) : text);
  }

  /** JSON that any parser reads and no terminal obeys: what is unprintable is escaped. */
  json(value: unknown): void {
    this.line(sanitizeJson(JSON.stringify(value, null, 2)));
  }

  /** One value as one line, for a stream of them. */
  jsonLine(value: unknown): void {
    this.line(sanitizeJson(JSON.stringify(value)));
  }

  /** A line of `--verbose`. */
  detail(text: string): void {
    if (this.verbose) this.diagnostic(this.paintError('dim', text));
  }

  diagnostic(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  rawDiagnostic(text: string): void {
    this.#stderr.write(text);
  }

  failure(failure: CommandFailure): void {
    const paint = this.paintError;
    const columns = Math.min(this.#stderr.columns, 80);
    for (const diagnostic of failure.diagnostics) {
      for (const line of formatDiagnosticLines(diagnostic, paint)) this.diagnostic(line);
    }
    const [first = '', ...others] = wrapText(sanitizeBlock(failure.message), columns - 7);
    this.diagnostic(`${paint('red', 'error:')} ${first}`);
    for (const line of others) this.diagnostic(`       ${line}`);
    if (failure.hint === null) return;
    for (const line of wrapText(sanitizeBlock(failure.hint), columns - 7)) {
      this.diagnostic(`       ${paint('dim', line)}`);
    }
  }
}

function harmless(text: string): string {
  return sanitizeBlock(
    text.replaceAll('\r\n', '\n').replaceAll('\t', '    '),
    Number.MAX_SAFE_INTEGER,
  );
}
