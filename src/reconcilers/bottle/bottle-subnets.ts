import type { Subnets } from '../network/subnets.ts';
import type { BottleSubnets } from './bottle-steps.ts';
import type { Current } from './current.ts';
import type { Move, Moves } from './moves.ts';

/** Subnets that a bottle keeps or gets; undefined when its pool has none left. */
export function chooseSubnets(
  current: Current,
  moves: Moves,
  pool: string | null,
  subnets: Subnets,
): BottleSubnets | undefined {
  const choose = (move: Move, kept: string | undefined) =>
    move.kind === 'keep' || pool === null ? (kept ?? null) : (subnets.take(pool) ?? undefined);
  const internal = choose(moves.internal, current.internal[0]?.subnet);
  const external = choose(moves.external, current.external[0]?.subnet);
  return internal === undefined || external === undefined ? undefined : { internal, external };
}
