import type { Change } from '../../model/action.ts';
import type { ObservedBottle } from '../../model/observed-state.ts';
import type { AppliedRecord } from '../plan-context.ts';
import { specHash } from '../spec-hash.ts';
import type { World } from '../world.ts';
import { type Current, currentBottle, isNothing } from './current.ts';
import { isDrift } from './drift.ts';
import { bottleMoves, isStill, type Move, type Moves } from './moves.ts';
import type { Target } from './target.ts';
import { backendChanges, bottleChanges } from './view.ts';

/** What a bottle needs, before it is asked what may happen now. */
export interface Draft {
  readonly target: Target;
  readonly current: Current;
  /** Copies on backends that it does not belong on. */
  readonly strays: readonly ObservedBottle[];
  readonly changes: readonly Change[];
  readonly moves: Moves;
  /** True when something of it is not as wanted. */
  readonly differs: boolean;
  readonly drifted: boolean;
  /** Why the isolation of a running agent must be proven again; null when it need not. */
  readonly unproven: string | null;
}

/** Compares a bottle's target with what is seen of it anywhere. */
export function draftBottle(target: Target, world: World): Draft {
  const { name } = target.bottle;
  const places = world.seen.get(name) ?? [];
  const here = places.find((place) => place.backend === target.backend) ?? null;
  const strays = places.filter((place) => place !== here);
  const current = currentBottle(here, world.observed.sidecars[name]);
  const [from] = here === null ? strays : [];
  const changes =
    from === undefined
      ? isNothing(current)
        ? []
        : bottleChanges(current, target)
      : backendChanges(from.backend, target.backend);
  const record = world.context.applied[name];
  const moves = bottleMoves(current, target, changes);
  const differs = !isStill(moves) || strays.length > 0;
  const isRecorded = record?.specHash === specHash(target.bottle.spec);
  return {
    target,
    current,
    strays,
    changes,
    moves: isNothing(current) ? withReason(moves, originWords(world, target, from)) : moves,
    differs,
    drifted: isRecorded && isDrift(moves, changes),
    unproven: isProven(current, record, isRecorded || differs)
      ? null
      : 'its isolation was not proven yet',
  };
}

/**
 * A bottle without a record may have lost its controller between the start of its agent and the proof. So may one
 * whose agent is of another commit than its record, unless the record speaks of this very specification.
 */
function isProven(
  current: Current,
  record: AppliedRecord | undefined,
  isSettled: boolean,
): boolean {
  if (record === undefined) return false;
  return isSettled || current.agents.every((agent) => agent.revision === record.revision);
}

/** Why a bottle of which nothing is seen is made. */
function originWords(world: World, target: Target, from: ObservedBottle | undefined): string {
  if (from !== undefined) return `it moves from ${from.backend} to ${target.backend}`;
  const wasApplied = world.context.applied[target.bottle.name] !== undefined;
  return wasApplied ? 'nothing of it is left' : `new in ${world.context.revision.slice(0, 7)}`;
}

function withReason(moves: Moves, reason: string): Moves {
  const because = (move: Move): Move => (move.kind === 'keep' ? move : { ...move, reason });
  return {
    ...moves,
    internal: because(moves.internal),
    external: because(moves.external),
    sidecars: because(moves.sidecars),
    agent: because(moves.agent),
  };
}
