import { type Document, isAlias, isMap, isSeq, type YAMLMap } from 'yaml';
import type { EgressRequest } from '../../model/proposal.ts';
import { routesSchema, type WrittenRoute } from '../schema/route.ts';
import { listOf } from './list-of.ts';
import { assertOneEnd, isSameHost } from './listed-host.ts';
import { editYaml, newYaml, UneditableText } from './yaml-edit.ts';

/** What an approval grants, as it was proposed or modified. */
export interface RouteGrant {
  readonly host: string;
  /** Absolute path prefixes; empty grants every path. */
  readonly pathAllowlist: readonly string[];
  /** Upper-case; empty grants every method. */
  readonly methods: readonly string[];
  readonly auth: EgressRequest['auth'];
  /** RFC 3339, or null for no end. */
  readonly expires: string | null;
}

/**
 * A routes file with the grant merged in. Host absent: a route is appended as proposed. Host present: paths are united,
 * existing first, no duplicates; existing auth is kept, the proposed one ignored, so that an approval never widens more
 * than it says. A grant without an end takes that of the route. Throws `UneditableText` when the text is not a routes
 * file, or its route has another end than the grant.
 */
export function mergeRoute(text: string | null, grant: RouteGrant): string {
  return editYaml(text ?? newYaml('routes'), (document) => {
    const list = listOf(document, 'routes');
    const written = routesSchema.safeParse(document.toJS());
    if (!written.success) throw new UneditableText('the file is not a routes file');
    const index = written.data.routes.findIndex((route) => isSameHost(route.host, grant.host));
    const route = written.data.routes[index];
    if (route === undefined) {
      list.add(routeNode(document, grant));
      return;
    }
    assertOneEnd(route, grant);
    if (!isMap(list.items[index])) list.items[index] = document.createNode(route);
    const node = list.items[index];
    if (isMap(node)) uniteRequests(document, node, route, grant);
  });
}

function routeNode(document: Document, grant: RouteGrant) {
  const { host, pathAllowlist, methods, auth, expires } = grant;
  const anyMethod = methods.length === 0;
  const node = document.createNode({
    host,
    ...(anyMethod && pathAllowlist.length > 0 ? { paths: [...new Set(pathAllowlist)] } : {}),
    ...(anyMethod ? {} : { matches: [matchOf(pathAllowlist, methods)] }),
    ...(auth === null ? {} : { auth: { scheme: auth.scheme, secret: auth.secret } }),
    ...(expires === null ? {} : { expires }),
  });
  for (const key of ['paths', 'auth']) writeInline(node.get(key));
  writeMatchInline(node.getIn(['matches', 0]));
  return node;
}

function uniteRequests(
  document: Document,
  node: YAMLMap,
  route: WrittenRoute,
  grant: RouteGrant,
): void {
  const isOpen = route.paths === undefined && route.matches === undefined;
  if (isOpen) return;
  if (grant.methods.length > 0) {
    uniteMatches(document, node, route, grant);
  } else if (grant.pathAllowlist.length > 0) {
    append(document, node, 'paths', missing(grant.pathAllowlist, route.paths ?? []));
  } else {
    node.delete('paths');
    node.delete('matches');
  }
}

function uniteMatches(
  document: Document,
  node: YAMLMap,
  route: WrittenRoute,
  grant: RouteGrant,
): void {
  const paths = missing(grant.pathAllowlist, route.paths ?? []);
  if (grant.pathAllowlist.length > 0 && paths.length === 0) return;
  const index = (route.matches ?? []).findIndex(
    (match) => match.headers === undefined && isSameSet(match.methods ?? [], grant.methods),
  );
  const match = route.matches?.[index];
  if (match === undefined) {
    append(document, node, 'matches', [matchOf(paths, grant.methods)]);
    return;
  }
  if (match.paths === undefined) return;
  const matchNode = node.getIn(['matches', index]);
  if (!isMap(matchNode)) {
    append(document, node, 'matches', [matchOf(paths, grant.methods)]);
  } else if (paths.length === 0) {
    matchNode.delete('paths');
  } else {
    const prefixes = match.paths.flatMap((path) => ('prefix' in path ? [path.prefix] : []));
    const added = missing(paths, prefixes).map((prefix) => ({ prefix }));
    append(document, matchNode, 'paths', added);
  }
}

/** Adds to the list under `key`, in the way that list is written. */
function append(document: Document, node: YAMLMap, key: string, items: readonly unknown[]): void {
  if (items.length === 0) return;
  const list: unknown = node.get(key, true);
  if (!isSeq(list)) {
    const made = document.createNode([...resolvedItems(document, list), ...items]);
    if (key === 'paths') writeInline(made);
    for (const item of made.items) writeMatchInline(item);
    node.set(key, made);
    return;
  }
  for (const item of items) {
    const node = document.createNode(item);
    writeMatchInline(node);
    list.add(node);
  }
}

/** Items of a list that stands there as an alias: it is written out, since the anchor may serve others. */
function resolvedItems(document: Document, node: unknown): readonly unknown[] {
  const list = isAlias(node) ? node.resolve(document) : undefined;
  const items: unknown = isSeq(list) ? list.toJS(document) : [];
  return Array.isArray(items) ? items : [];
}

/** The lists of a match stand in its lines: `paths: [{prefix: /v1/}]`. */
function writeMatchInline(node: unknown): void {
  if (!isMap(node)) return;
  for (const key of ['paths', 'methods']) writeInline(node.get(key));
}

function writeInline(node: unknown): void {
  if (isMap(node) || isSeq(node)) node.flow = true;
}

function matchOf(paths: readonly string[], methods: readonly string[]) {
  const prefixes = [...new Set(paths)].map((prefix) => ({ prefix }));
  return { ...(prefixes.length === 0 ? {} : { paths: prefixes }), methods: [...new Set(methods)] };
}

function missing(wanted: readonly string[], present: readonly string[]): readonly string[] {
  return [...new Set(wanted)].filter((item) => !present.includes(item));
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));
}
