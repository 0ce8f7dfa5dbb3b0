import type { DesiredBottle } from '../../model/desired-state.ts';
import { isAlive } from './current.ts';
import type { Draft } from './draft.ts';
import { KEEP, type Move, type Moves } from './moves.ts';

/** Moves that may happen now, and what the others wait for. */
export interface Permitted {
  readonly moves: Moves;
  /** Null when nothing waits. */
  readonly pending: string | null;
}

/**
 * Keeps an agent at work from being interrupted under its operator's hands. Waiting are: whatever replaces a living
 * agent, and a planned restart of its sidecars, since that cuts its connections. Never waiting are reloads, creations,
 * the repair of what is dead, and the repair of an agent that has a way around its sidecars.
 */
export function permitMoves(draft: Draft, applyNow: boolean): Permitted {
  const { moves, target } = draft;
  const waitsFor = applyNow || moves.exposed ? null : waitsForWords(target.bottle, isBusy(draft));
  const disturbance = disturbanceOf(draft);
  if (waitsFor === null || disturbance === null) return { moves, pending: null };
  return { moves: withoutDisturbance(draft), pending: `${disturbance}; ${waitsFor}` };
}

/** What the moves do to a living agent; null when they leave it in peace. */
function disturbanceOf({ moves, current, strays }: Draft): string | null {
  const [stray] = strays;
  const livesElsewhere = strays.some((place) =>
    place.containers.some((container) => container.component === 'agent' && isAlive(container)),
  );
  if (livesElsewhere && stray !== undefined) return `its copy on ${stray.backend} would be removed`;
  if (!current.agents.some(isAlive)) return null;
  if (isReplaced(moves.agent)) return `${moves.agent.reason}, which replaces the agent`;
  if (isReplaced(moves.sidecars) && moves.sidecars.planned) {
    return `${moves.sidecars.reason}, which cuts the agent's connections`;
  }
  return null;
}

function isBusy({ current, strays }: Draft): boolean {
  return current.busy || strays.some((place) => place.busy);
}

/** What a bottle of this policy waits for before its agent may be disturbed; null when it need not wait. */
function waitsForWords(bottle: DesiredBottle, busy: boolean): string | null {
  const apply = `\`bb apply ${bottle.name}\``;
  switch (bottle.updatePolicy) {
    case 'immediate':
      return null;
    case 'when-idle':
      return busy
        ? `waits until nobody works in it (an attached session or program), or for ${apply}`
        : null;
    case 'manual':
      return `waits for ${apply}`;
  }
}

/** What is left when agent and networks stay: reloads, and sidecars that need nothing but themselves. */
function withoutDisturbance({ moves, strays }: Draft): Moves {
  const needsNetwork = moves.internal.kind !== 'keep' || moves.external.kind !== 'keep';
  const waits = moves.sidecars.kind !== 'keep' && (moves.sidecars.planned || needsNetwork);
  const leaves = strays.length > 0;
  return {
    ...moves,
    internal: KEEP,
    external: KEEP,
    agent: leaves || isReplaced(moves.agent) ? KEEP : moves.agent,
    sidecars: leaves || waits ? KEEP : moves.sidecars,
  };
}

function isReplaced(move: Move): move is Exclude<Move, { kind: 'keep' }> {
  return move.kind === 'recreate';
}
