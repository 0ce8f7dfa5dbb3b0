import type { DesiredState } from '../model/desired-state.ts';
import { coversHost } from '../model/host-name.ts';
import type { BottleChange } from './effective-change.ts';
import { isEveryPath } from './grant.ts';
import { lookAlikeOf } from './look-alike.ts';

/** Pairs of method and path that nobody reads one by one. */
const WIDE = 20;

/** What an operator should look at twice, one sentence each. */
export function riskNotes(
  changes: readonly BottleChange[],
  before: DesiredState,
): readonly string[] {
  const known = knownHosts(before);
  const hosts = new Set(changes.flatMap(({ grants }) => grants.map((grant) => grant.host)));
  return [
    ...[...hosts].flatMap((host) => [...notesOnGrants(host, changes), ...notesOnHost(host, known)]),
    ...notesOnBodies(changes),
    ...notesOnReach(changes),
  ];
}

function notesOnGrants(host: string, changes: readonly BottleChange[]): readonly string[] {
  const grants = changes.flatMap((change) => change.grants.filter((grant) => grant.host === host));
  const routes = changes.flatMap((change) => change.routes.filter((route) => route.host === host));
  const pairs = new Set(grants.map(({ path, method }) => JSON.stringify([path, method]))).size;
  const secret = routes.find((route) => route.auth !== null)?.auth?.secret;
  return [
    ...(grants.some((grant) => isEveryPath(grant.path)) ? [`opens every path of ${host}`] : []),
    ...(grants.some((grant) => grant.method === null) ? [`allows every method to ${host}`] : []),
    ...(pairs >= WIDE ? [`adds ${pairs} pairs of method and path to ${host} at once`] : []),
    ...(secret === undefined ? [] : [`requests to ${host} carry a credential: ${secret}`]),
  ];
}

function notesOnHost(host: string, known: readonly string[]): readonly string[] {
  const lookAlike = lookAlikeOf(host, known);
  const seen = known.some((other) => coversHost(other, host));
  return [
    ...(host.startsWith('*.') ? [`${host} is a wildcard: every name below it`] : []),
    ...(seen ? [] : [`${host} is new to this fleet`]),
    ...(lookAlike === null ? [] : [`${host} looks like ${lookAlike}, which is another host`]),
    ...(/(?:^|\.)xn--/.test(host) ? [`${host} has letters outside ASCII`] : []),
  ];
}

function notesOnBodies(changes: readonly BottleChange[]): readonly string[] {
  const hosts = new Set(changes.flatMap(({ getBodies }) => getBodies));
  return [...hosts].map(
    (host) => `a server behind ${host} that expects no body of GET may read it as another request`,
  );
}

function notesOnReach(changes: readonly BottleChange[]): readonly string[] {
  if (changes.length < 2) return [];
  return [`widens ${changes.length} bottles: ${changes.map(({ bottle }) => bottle).join(', ')}`];
}

function knownHosts(state: DesiredState): readonly string[] {
  const specs = Object.values(state.bottles).map((bottle) => bottle.spec);
  const entries = specs.flatMap(({ egress, allowlist }) => [...egress.routes, ...allowlist]);
  return [...new Set(entries.map((entry) => entry.host))].sort();
}
