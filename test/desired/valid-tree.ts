import { loadDesiredState } from '../../src/desired/load.ts';
import type { DesiredState } from '../../src/model/desired-state.ts';
import { type Diagnostic, formatDiagnostic } from '../../src/model/diagnostic.ts';
import type { HostPolicy } from '../../src/model/host-policy.ts';
import { hostPolicy, treeFiles } from '../builders/desired.ts';

/** Noon of 1 January 2026: what `expires` is compared with in these tests. */
export const NOW_MS = Date.UTC(2026, 0, 1, 12);

/** A small valid tree; a test adds or replaces the one file that it is about. */
export const VALID: Readonly<Record<string, string>> = {
  'fleet.yaml': 'name: home\n',
  'agents/dev.yaml': 'provider: {command: [bash]}\nbottles: [base]\n',
  'bottles/base.yaml': 'env: {PAGER: cat}\n',
};

/** Loads the valid tree with `texts` over it. */
export function load(texts: Readonly<Record<string, string>>, host: HostPolicy = hostPolicy()) {
  return loadDesiredState(treeFiles({ ...VALID, ...texts }), host, { nowMs: NOW_MS });
}

/** The resolved state; fails with the problems when there is none. */
export function loadValid(
  texts: Readonly<Record<string, string>>,
  host?: HostPolicy,
): DesiredState {
  const { desired, diagnostics } = load(texts, host);
  if (desired === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return desired;
}

/** Problems as a person reads them, one a line. */
export function lines(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(formatDiagnostic);
}
