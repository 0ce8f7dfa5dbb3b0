import { type Diagnostic, formatDiagnostic } from '../model/diagnostic.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Paint } from './colour.ts';
import { counted } from './counted.ts';

/** The position and the problem in one line, the hint below it. */
export function formatDiagnosticLines(diagnostic: Diagnostic, paint: Paint): readonly string[] {
  const { hint, ...withoutHint } = diagnostic;
  const style = diagnostic.severity === 'error' ? 'red' : 'yellow';
  const line = sanitizeLine(formatDiagnostic(withoutHint));
  const problem = line.indexOf(' ');
  const shown = `${paint(style, line.slice(0, problem))}${line.slice(problem)}`;
  return hint === undefined ? [shown] : [shown, `    ${paint('dim', sanitizeLine(hint))}`];
}

/** `2 errors, 1 warning`. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  return (
    [
      ...(errors === 0 ? [] : [counted(errors, 'error')]),
      ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
    ].join(', ') || 'no problems'
  );
}
