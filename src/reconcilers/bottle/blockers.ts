import { type Component, runtimeName } from '../../model/component.ts';
import type { FleetName } from '../../model/names.ts';
import { askedVariables } from '../agent/agent-env.ts';
import { missingSecrets } from '../egress/render-table.ts';
import type { BackendView } from '../world.ts';
import type { Draft } from './draft.ts';
import type { Move, Moves } from './moves.ts';
import type { Target } from './target.ts';

/** The first thing that keeps a bottle from being made as it is wanted, in words with what to do; null when none. */
export function blockerOf(
  { target, moves }: Pick<Draft, 'target' | 'moves'>,
  place: { readonly fleet: FleetName; readonly backend: BackendView },
): string | null {
  return secretBlocker(target) ?? askBlocker(target, moves) ?? foreignBlocker(target, moves, place);
}

function secretBlocker(target: Target): string | null {
  const [missing] = missingSecrets(target.table);
  if (missing === undefined) return null;
  const { secret, host } = missing;
  return `route ${host} needs the secret ${secret}, which has no value on this host; add ${secret} to secrets.yaml or give its source a value`;
}

function askBlocker(target: Target, moves: Moves): string | null {
  const [variable] = makesNew(moves.agent) ? askedVariables(target.bottle.spec.env) : [];
  if (variable === undefined) return null;
  return `asked values need an interactive start: variable ${variable} asks; use fromHost or a literal instead`;
}

function foreignBlocker(
  target: Target,
  moves: Moves,
  place: { readonly fleet: FleetName; readonly backend: BackendView },
): string | null {
  const wanted: readonly (readonly [kind: 'container' | 'network', Component, Move])[] = [
    ['container', 'agent', moves.agent],
    ['container', 'sidecars', moves.sidecars],
    ['network', 'internal-network', moves.internal],
    ['network', 'external-network', moves.external],
  ];
  for (const [kind, component, move] of wanted) {
    const name = runtimeName({ fleet: place.fleet, bottle: target.bottle.name, component });
    if (makesNew(move) && place.backend.foreign.has(`${kind} ${name}`)) {
      return `a ${kind} named ${name} exists on ${target.backend} and is not ours; rename or remove it, or rename the instance`;
    }
  }
  return null;
}

function makesNew(move: Move): boolean {
  return move.kind === 'create' || move.kind === 'recreate';
}
