import { sanitizeLine } from './sanitize.ts';

/** Stable codes of everything that can be wrong with desired state; listed in `docs/reference/diagnostics.md`. */
export const DIAGNOSTIC_CODES = [
  'yaml-syntax',
  'duplicate-key',
  'multiple-documents',
  'empty-file',
  'conflict-marker',
  'crlf',
  'byte-order-mark',
  'tab-indentation',
  'not-utf8',
  'alias-bomb',
  'file-too-large',
  'too-many-files',
  'symlink',
  'path-traversal',
  'case-collision',
  'unexpected-file',
  'missing-file',
  'file-permissions',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'invalid-value',
  'invalid-name',
  'invalid-host',
  'invalid-regex',
  'unsafe-regex',
  'unknown-reference',
  'reserved-reference',
  'extends-cycle',
  'duplicate-instance',
  'duplicate-host',
  'provider-host',
  'unknown-secret',
  'secret-off-list',
  'env-not-allowed',
  'missing-host-key',
  'expired',
  'reopened',
  'orphaned-set',
  'not-supported',
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** A problem of a file, positioned so that an editor or a person finds it. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** An error keeps a commit from being applied, a warning does not. */
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** Path below the desired-state folder, with forward slashes. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  /** What to do about it: `did you mean "prompt"?`. */
  readonly hint?: string;
}

/** `agents/researcher.yaml:7:12 unknown key "promt" (did you mean "prompt"?)` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, hint, severity } = diagnostic;
  const prefix = severity === 'warning' ? 'warning: ' : '';
  const advice = hint === undefined ? '' : ` (${hint})`;
  return `${sanitizeLine(file)}:${line}:${column} ${prefix}${message}${advice}`;
}
