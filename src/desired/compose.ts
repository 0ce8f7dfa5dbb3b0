import { addDenials, type DeclaredDenial } from './deny-list.ts';
import type { WrittenAgent } from './schema/agent.ts';
import type { WrittenBottle, WrittenRepo } from './schema/bottle.ts';
import type { WrittenFleet } from './schema/fleet.ts';
import type { WrittenFile } from './written-file.ts';

type Env = NonNullable<WrittenBottle['env']>;
type PipelockExtra = NonNullable<NonNullable<WrittenBottle['pipelock']>['extra']>;
type GitUser = NonNullable<WrittenBottle['gitUser']>;

/** A list entry and where it was written, so that a problem with it is told at its place. */
export interface Listed {
  readonly name: string;
  readonly file: WrittenFile<WrittenBottle> | WrittenFile<WrittenAgent>;
  readonly path: readonly (string | number)[];
}

/** Bottles merged into one, still without defaults. */
export interface Composition {
  readonly image: {
    readonly value: NonNullable<WrittenBottle['image']>;
    readonly file: WrittenFile<WrittenBottle>;
  } | null;
  readonly backend: WrittenBottle['backend'];
  readonly runtime: WrittenBottle['runtime'];
  readonly updatePolicy: WrittenBottle['updatePolicy'];
  readonly resources: NonNullable<WrittenBottle['resources']>;
  readonly env: Env;
  readonly pipelockExtra: PipelockExtra;
  readonly gitUser: GitUser;
  readonly allowlists: readonly Listed[];
  readonly routes: readonly Listed[];
  readonly deny: readonly DeclaredDenial[];
  readonly skills: readonly Listed[];
  readonly repos: ReadonlyMap<
    string,
    { readonly repo: WrittenRepo; readonly file: WrittenFile<WrittenBottle> }
  >;
}

/** What no bottle at all gives. */
const EMPTY: Composition = {
  image: null,
  backend: undefined,
  runtime: undefined,
  updatePolicy: undefined,
  resources: {},
  env: {},
  pipelockExtra: {},
  gitUser: {},
  allowlists: [],
  routes: [],
  deny: [],
  skills: [],
  repos: new Map(),
};

/**
 * Merges bottles left to right over what the fleet denies, then the agent's own part over them: env and `pipelock.extra` by key, `gitUser` and resources per field,
 * repositories of one name per field, lists replace (`[]` clears, `+name` adds) but for `deny`, which grows, scalars: the
 * later one wins.
 */
export function compose(
  layers: readonly WrittenFile<WrittenBottle>[],
  agent: WrittenFile<WrittenAgent>,
  fleet: WrittenFile<WrittenFleet> | null,
): Composition {
  const deny = fleet === null ? [] : addDenials([], fleet);
  const merged = layers.reduce(mergeLayer, { ...EMPTY, deny });
  return {
    ...merged,
    gitUser: { ...merged.gitUser, ...agent.value.gitUser },
    deny: addDenials(merged.deny, agent),
    skills: mergeList(merged.skills, agent, 'skills', agent.value.skills),
    updatePolicy: agent.value.updatePolicy ?? merged.updatePolicy,
  };
}

function mergeLayer(below: Composition, file: WrittenFile<WrittenBottle>): Composition {
  const { value } = file;
  return {
    image: value.image === undefined ? below.image : { value: value.image, file },
    backend: value.backend ?? below.backend,
    runtime: value.runtime ?? below.runtime,
    updatePolicy: value.updatePolicy ?? below.updatePolicy,
    resources: { ...below.resources, ...value.resources },
    env: { ...below.env, ...value.env },
    pipelockExtra: { ...below.pipelockExtra, ...value.pipelock?.extra },
    gitUser: { ...below.gitUser, ...value.gitUser },
    allowlists: mergeList(below.allowlists, file, 'allowlists', value.allowlists),
    routes: mergeList(below.routes, file, 'routes', value.routes),
    deny: addDenials(below.deny, file),
    skills: mergeList(below.skills, file, 'skills', value.skills),
    repos: mergeRepos(below.repos, file),
  };
}

function mergeList(
  below: readonly Listed[],
  file: Listed['file'],
  key: string,
  written: readonly string[] | undefined,
): readonly Listed[] {
  if (written === undefined) return below;
  const isAdding = written.length > 0 && written.every((name) => name.startsWith('+'));
  const own = written.map((name, index) => ({
    name: name.replace(/^\+/, ''),
    file,
    path: [key, index],
  }));
  return [
    ...new Map(
      [...(isAdding ? below : []), ...own].map((listed) => [listed.name, listed]),
    ).values(),
  ];
}

function mergeRepos(
  below: Composition['repos'],
  file: WrittenFile<WrittenBottle>,
): Composition['repos'] {
  const own = Object.entries(file.value.gitGate?.repos ?? {});
  if (own.length === 0) return below;
  const merged = own.map(
    ([name, repo]) => [name, { repo: { ...below.get(name)?.repo, ...repo }, file }] as const,
  );
  return new Map([...below, ...merged]);
}
