import type { DesiredState } from '../model/desired-state.ts';
import { type Diagnostic, formatDiagnostic } from '../model/diagnostic.ts';
import type { Proposal } from '../model/proposal.ts';
import type { ApprovalScope } from '../supervise/proposal-to-edit.ts';
import type { Answer, Refusal } from './api.ts';
import type { Foreseen } from './revision-gate.ts';

/**
 * What an approval is computed on. Errors of the tip hold it back unless they are nobody's concern but that of bottles
 * which stay behind (`onInvalid: isolate`): neither the one that asks nor those that a shared set would widen. Pure.
 */
export function approvableTip(
  { bottle }: Proposal,
  scope: ApprovalScope,
  { revision, desired, isolated, diagnostics }: Foreseen,
): Answer<DesiredState> {
  const [first] = errorsIn(diagnostics);
  if (first === undefined && desired !== null) return { ok: true, value: desired };
  const tip = `commit ${revision.slice(0, 12)}`;
  const problem = first === undefined ? '' : `: ${formatDiagnostic(first)}`;
  const hint = `mend ${first?.file ?? 'the files'} and commit, or take the commit back with bb rollback; the proposal waits meanwhile, and bb validate shows all problems`;
  if (desired === null) {
    return refuse(`nothing can be approved while ${tip} has an error${problem}`, hint, diagnostics);
  }
  const own = isolated?.get(bottle);
  if (own !== undefined) {
    return refuse(
      `${bottle} stays at commit ${own.revision.slice(0, 12)}, so nothing can be approved for it: ${own.problem}`,
      hint,
      diagnostics,
    );
  }
  if (scope.kind === 'set') {
    return refuse(
      `nothing can be approved in a shared set while ${tip} has an error${problem}`,
      `${hint}; without --scope it is approved for ${bottle} alone`,
      diagnostics,
    );
  }
  return { ok: true, value: desired };
}

/** Whether an edit leaves the bottle whole: it has no error that was not there before, and none in its files. Pure. */
export function approvableEdit(
  { id, bottle }: Proposal,
  paths: readonly string[],
  before: Foreseen,
  after: Foreseen,
): Answer<DesiredState> {
  const known = new Set(before.diagnostics.map(keyOf));
  const isAdded = (each: Diagnostic) => !known.has(keyOf(each));
  const added = errorsIn(after.diagnostics).filter(
    (each) => isAdded(each) || paths.includes(each.file),
  );
  const [opened] = after.diagnostics.filter((each) => each.code === 'reopened' && isAdded(each));
  if (opened !== undefined) {
    const hint = 'approve it so that nothing lasts longer than that route, or reject it';
    const refusal = { kind: 'conflict', message: formatProblem(opened), hint } as const;
    return { ok: false, refusal: { ...refusal, diagnostics: [] } };
  }
  const isWhole = added.length === 0 && after.isolated?.has(bottle) !== true;
  if (after.desired !== null && isWhole) return { ok: true, value: after.desired };
  return refuse(
    `with proposal ${id} the desired state would not be valid`,
    'mend what it collides with, or reject the proposal',
    added.length === 0 ? after.diagnostics : added,
  );
}

function errorsIn(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

/** Without its severity: it is the reason of a refusal. */
function formatProblem(diagnostic: Diagnostic): string {
  return formatDiagnostic({ ...diagnostic, severity: 'error' });
}

/** The same problem although lines above it came or went. */
function keyOf({ code, file, message }: Diagnostic): string {
  return JSON.stringify([code, file, message]);
}

function refuse(
  message: string,
  hint: string,
  diagnostics: readonly Diagnostic[],
): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { kind: 'invalid', message, hint, diagnostics } };
}
