import { didYouMean } from '../model/did-you-mean.ts';
import { type DeclaredHost, resolveAllowSet } from './allow-set.ts';
import type { Listed } from './compose.ts';
import { FILE_START, type Problems, quote } from './problems.ts';
import { type DeclaredRoute, resolveRouteSet } from './route-set.ts';
import type { Trust } from './trust.ts';
import type { Named, WrittenTree } from './written-tree.ts';

/** Every set of the tree by name, normalised. */
export interface NetworkSets {
  readonly routes: ReadonlyMap<string, readonly DeclaredRoute[]>;
  readonly allowlists: ReadonlyMap<string, readonly DeclaredHost[]>;
}

/** Normalises every set, used or not: what is wrong in a file is told before something refers to it. */
export function resolveSets(tree: WrittenTree, trust: Trust, problems: Problems): NetworkSets {
  return {
    routes: mapNamed(tree.routes, (file) => resolveRouteSet(file, trust, problems)),
    allowlists: mapNamed(tree.allowlists, (file) => resolveAllowSet(file, trust.nowMs, problems)),
  };
}

/** Checks every reference to a set: it must be there, and not belong to an instance. Warns of sets that nobody has. */
export function checkSetReferences(
  tree: WrittenTree,
  instances: ReadonlySet<string>,
  problems: Problems,
): void {
  // The instances of an agent file that cannot be read are not known: its sets are not orphans.
  const knowsInstances = [...tree.agents.values()].every((file) => file !== null);
  for (const kind of ['routes', 'allowlists'] as const) {
    const referenced = new Set<string>();
    for (const listed of listedSets(tree, kind)) {
      referenced.add(listed.name);
      checkReference(listed, kind, { known: tree[kind], instances }, problems);
    }
    for (const name of tree[kind].keys()) {
      if (!knowsInstances || referenced.has(name) || instances.has(name)) continue;
      const message = `no bottle refers to this set and no instance is named ${quote(name)}`;
      const hint = 'remove it, or refer to it';
      problems.warning({
        code: 'orphaned-set',
        message,
        hint,
        file: `${kind}/${name}.yaml`,
        at: FILE_START,
      });
    }
  }
}

function checkReference(
  { name, file, path }: Listed,
  kind: 'routes' | 'allowlists',
  among: { readonly known: ReadonlyMap<string, unknown>; readonly instances: ReadonlySet<string> },
  problems: Problems,
): void {
  const place = { file: file.path, at: file.locate.value(path) };
  if (among.instances.has(name)) {
    const message = `${kind}/${name}.yaml belongs to instance ${quote(name)} alone`;
    problems.error({
      code: 'reserved-reference',
      message,
      hint: 'move what is shared to a set of another name',
      ...place,
    });
    return;
  }
  if (among.known.has(name)) return;
  const free = [...among.known.keys()].filter((candidate) => !among.instances.has(candidate));
  const meant = didYouMean(name, free);
  const hint = meant === undefined ? `write ${kind}/${name}.yaml` : `did you mean "${meant}"?`;
  problems.error({
    code: 'unknown-reference',
    message: `there is no ${kind}/${name}.yaml`,
    hint,
    ...place,
  });
}

function listedSets(tree: WrittenTree, kind: 'routes' | 'allowlists'): readonly Listed[] {
  return [...tree.bottles.values()].flatMap((file) =>
    (file?.value[kind] ?? []).flatMap((written, index) =>
      file === null ? [] : [{ name: written.replace(/^\+/, ''), file, path: [kind, index] }],
    ),
  );
}

function mapNamed<Written, Value>(
  files: Named<Written>,
  resolve: (file: NonNullable<ReturnType<Named<Written>['get']>>) => Value,
): ReadonlyMap<string, Value> {
  return new Map(
    [...files].flatMap(([name, file]) => (file === null ? [] : [[name, resolve(file)] as const])),
  );
}
