import type { DesiredBottle } from '../../model/desired-state.ts';
import type { BackendView, World } from '../world.ts';

/** Where a bottle is or goes. Whatever is not `chosen` leaves the bottle alone. */
export type BackendChoice =
  | { readonly kind: 'chosen'; readonly backend: BackendView }
  /** It may be running where we cannot look: nothing is known, nothing is done. */
  | { readonly kind: 'unknown'; readonly name: string | null; readonly pending: string }
  | { readonly kind: 'blocked'; readonly name: string | null; readonly pending: string };

/**
 * The backend of a bottle: the named one, or for `auto` where it already is, else the first that is available. A
 * bottle that may live on an absent backend is never made a second time elsewhere.
 */
export function chooseBackend(bottle: DesiredBottle, world: World): BackendChoice {
  const wanted = bottle.spec.backend;
  const places = world.seen.get(bottle.name) ?? [];
  if (wanted !== 'auto') {
    const absent = world.absent.get(wanted);
    if (absent !== undefined)
      return unknown(wanted, `${wanted} is not available: ${absent.reason}`);
    const backend = world.present.get(wanted);
    if (backend === undefined) return blocked(wanted, notKnown(wanted, world));
    const hidden = places.length === 0 ? hiddenOn(bottle, world) : null;
    return hidden ?? { kind: 'chosen', backend };
  }
  const here = places[0];
  if (here === undefined) {
    const hidden = hiddenOn(bottle, world);
    if (hidden !== null) return hidden;
  }
  const [first] = world.present.values();
  const backend = here === undefined ? first : world.present.get(here.backend);
  return backend === undefined ? blocked(null, noneAvailable(world)) : { kind: 'chosen', backend };
}

/**
 * A bottle that was in force and is seen nowhere, while the backend that may have it is absent: the recorded one, or
 * without a record of that, one that `auto` prefers to all that are there.
 */
function hiddenOn(bottle: DesiredBottle, world: World): BackendChoice | null {
  const record = world.context.applied[bottle.name];
  if (record === undefined) return null;
  const names = world.context.backends.map((backend) => backend.name);
  const firstPresent = names.findIndex((name) => world.present.has(name));
  const preferred = firstPresent === -1 ? names : names.slice(0, firstPresent);
  const guesses = bottle.spec.backend === 'auto' ? preferred : [];
  for (const name of record.backend === undefined ? guesses : [record.backend]) {
    const absent = world.absent.get(name);
    if (absent !== undefined) {
      return unknown(name, `it may be on ${name}, which is not available: ${absent.reason}`);
    }
  }
  return null;
}

function notKnown(wanted: string, world: World): string {
  const known = world.context.backends.map((backend) => backend.name).join(', ');
  return `there is no backend ${wanted} on this host; choose one of: auto, ${known}`;
}

function noneAvailable(world: World): string {
  const reasons = [...world.absent.values()].map(({ name, reason }) => `${name}: ${reason}`);
  return `no backend is available (${reasons.join(' | ')})`;
}

function unknown(name: string | null, pending: string): BackendChoice {
  return { kind: 'unknown', name, pending };
}

function blocked(name: string | null, pending: string): BackendChoice {
  return { kind: 'blocked', name, pending };
}
