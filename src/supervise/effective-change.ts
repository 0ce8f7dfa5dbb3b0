import { assertNever } from '../model/assert-never.ts';
import type { BottleSpec, ImageSource } from '../model/bottle-spec.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { EgressRoute } from '../model/egress-route.ts';
import { canonicalJson, type Json } from '../model/fingerprint.ts';
import { addedGrants, describeGrants, type Grant, grantsOf } from './grant.ts';

/** What one bottle may do after a change and could not do before. */
export interface BottleChange {
  readonly bottle: string;
  readonly grants: readonly Grant[];
  /** Routes of the hosts above, as they would be. */
  readonly routes: readonly EgressRoute[];
  /** Hosts that GET may come to with a body, and could not. */
  readonly getBodies: readonly string[];
  /** Everything else that differs, in words. */
  readonly others: readonly string[];
}

/** Compares two commits, whatever file was edited: a shared set widens each bottle that brings it in. */
export function effectiveChange(
  before: DesiredState,
  after: DesiredState,
): readonly BottleChange[] {
  const names = new Set([...Object.keys(before.bottles), ...Object.keys(after.bottles)]);
  return [...names].sort().flatMap((name) => {
    const [old, next] = [specOf(before, name), specOf(after, name)];
    if (old === null || next === null) {
      const others = old === next ? [] : [next === null ? 'is removed' : 'is new'];
      return others.length === 0
        ? []
        : [{ bottle: name, grants: [], routes: [], getBodies: [], others }];
    }
    const change = changeOf(name, old, next);
    return change.grants.length === 0 && change.others.length === 0 ? [] : [change];
  });
}

/** `dev: GET api.example.test /v1/* until 2026-12-01T00:00:00Z`, one line for each bottle, host and path. */
export function describeChange(changes: readonly BottleChange[]): readonly string[] {
  return changes.flatMap(({ bottle, grants, others }) =>
    [...describeGrants(grants), ...others].map((line) => `${bottle}: ${line}`),
  );
}

function specOf(state: DesiredState, name: string): BottleSpec | null {
  return Object.entries(state.bottles).find(([bottle]) => bottle === name)?.[1].spec ?? null;
}

function changeOf(bottle: string, old: BottleSpec, next: BottleSpec): BottleChange {
  const grants = addedGrants(grantsOf(old), grantsOf(next));
  const hosts = new Set(grants.map((grant) => grant.host));
  const getBodies = addedGetBodies(old, next);
  return {
    bottle,
    grants,
    routes: next.egress.routes.filter((route) => hosts.has(route.host)),
    getBodies,
    others: [
      ...getBodies.map((host) => `GET to ${host} may have a body`),
      ...otherRouteChanges(old, next),
      ...otherSpecChanges(old, next),
    ],
  };
}

function addedGetBodies(old: BottleSpec, next: BottleSpec): readonly string[] {
  const taking = ({ egress }: BottleSpec) =>
    egress.routes.flatMap(({ host, getBody }) => (getBody === true ? [host] : []));
  const known = new Set(taking(old));
  return taking(next).filter((host) => !known.has(host));
}

function otherRouteChanges(old: BottleSpec, next: BottleSpec): readonly string[] {
  return next.egress.routes.flatMap((route) => {
    const known = old.egress.routes.find((each) => each.host === route.host);
    const lines: string[] = [];
    if (route.auth !== null && !same(route.auth, known?.auth ?? null)) {
      lines.push(`requests to ${route.host} carry the secret ${route.auth.secret}`);
    }
    if (known === undefined) return lines;
    if (!same(rest(route), rest(known))) lines.push(`the route of ${route.host} changes otherwise`);
    return lines;
  });
}

/** What a proposal never changes: its difference is told without saying more. */
function rest({ ports, dlp, git, addresses }: EgressRoute): object {
  return { ports, dlp, git, addresses };
}

function otherSpecChanges(old: BottleSpec, next: BottleSpec): readonly string[] {
  const { egress: _oldEgress, allowlist: _oldAllowlist, image: oldImage, ...oldRest } = old;
  const { egress: _nextEgress, allowlist: _nextAllowlist, image, ...nextRest } = next;
  return [
    ...(same(oldImage, image) ? [] : [`its agent is replaced by one of ${describeImage(image)}`]),
    ...(same(oldRest, nextRest) ? [] : ['more than its egress and image changes']),
  ];
}

function describeImage(image: ImageSource): string {
  switch (image.kind) {
    case 'builtin':
      return 'the image that ships with bb';
    case 'dockerfile':
      return image.path;
    case 'ref':
      return image.ref;
    case 'rootfs':
      return `the root file system ${image.name} of the host`;
    default:
      return assertNever(image);
  }
}

function same(left: unknown, right: unknown): boolean {
  return canonicalJson(left as Json) === canonicalJson(right as Json);
}
