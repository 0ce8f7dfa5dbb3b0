import type { Change } from '../../model/action.ts';
import type { Moves } from './moves.ts';

/**
 * True when what differs did so by itself, given that the commit asks for nothing new: something broke, or a sidecar
 * lost a part of its table. A new image of the host, a new secret or a grant that expired is no drift.
 */
export function isDrift(moves: Moves, changes: readonly Change[]): boolean {
  const { internal, external, sidecars, agent } = moves;
  const isBroken = [internal, external, sidecars, agent].some(
    (move) => move.kind !== 'keep' && !move.planned,
  );
  return isBroken || changes.some(hasComeUndone);
}

function hasComeUndone({ operation }: Change): boolean {
  const isEnforced = /^\/(?:egress|allowlist|deny|supervise)(?:\/|$)/.test(operation.path);
  return isEnforced && operation.op !== 'remove';
}
