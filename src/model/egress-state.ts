import type { EgressStatus, EgressTable } from './sidecar.ts';

/**
 * `degraded` where everything is denied: there is no table, or nothing in it is in force at this instant. An end that
 * cannot be read counts as passed: policy fails closed.
 */
export function egressState(
  table: Pick<EgressTable, 'routes' | 'allowlist'> | undefined,
  nowMs: number,
): EgressStatus['state'] {
  const rules = table === undefined ? [] : [...table.routes, ...table.allowlist];
  const isOpen = rules.some(({ expires }) => expires === null || Date.parse(expires) > nowMs);
  return isOpen ? 'ready' : 'degraded';
}
