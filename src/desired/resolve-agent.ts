import type { BottleSpec, EnvValue, GitGateRepo, ImageSource } from '../model/bottle-spec.ts';
import type { DesiredBottle } from '../model/desired-state.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import type { BottleName } from '../model/names.ts';
import { checkRepos } from './bottle-checks.ts';
import { composeNetwork } from './bottle-network.ts';
import { parseByteSize } from './byte-size.ts';
import { type Composition, compose } from './compose.ts';
import { instanceFiles } from './instance-files.ts';
import type { Instance } from './instances.ts';
import { linearise } from './linearise.ts';
import type { NetworkSets } from './network-sets.ts';
import { accepted } from './parsed.ts';
import { type Problems, quote } from './problems.ts';
import { resolveProvider } from './providers.ts';
import type { Place, ReferencedFiles } from './referenced-files.ts';
import { reportReopened } from './reopened-warning.ts';
import type { ResolvedFleet } from './resolve-fleet.ts';
import { checkRoutes, providerRoutes, sharedRoutes } from './route-rules.ts';
import type { WrittenAgent } from './schema/agent.ts';
import type { WrittenBottle } from './schema/bottle.ts';
import type { WrittenImage } from './schema/image.ts';
import { checkRootfs, checkSecret, type Trust } from './trust.ts';
import type { WrittenFile } from './written-file.ts';
import type { WrittenTree } from './written-tree.ts';

/** All that an agent file is resolved against. */
export interface Surroundings {
  readonly tree: WrittenTree;
  readonly fleet: ResolvedFleet;
  readonly sets: NetworkSets;
  readonly files: ReferencedFiles;
  readonly trust: Trust;
  readonly problems: Problems;
}

/** The bottles of one agent, total. What is wrong is reported; the result is worth something only without errors. */
export function resolveAgent(
  agent: WrittenFile<WrittenAgent>,
  instances: readonly Instance[],
  around: Surroundings,
): readonly DesiredBottle[] {
  const { sets, fleet, problems } = around;
  const layers = linearise(bottleNames(agent, around), around.tree.bottles);
  const composed = compose(layers, agent, around.tree.fleet);
  checkRepos(composed.repos, around.trust, problems);
  const spec = resolveSpec(agent, composed, around);
  const provided = resolveProviderRoutes(agent, around);
  const shared = sharedRoutes(composed.routes, sets, problems);
  const hosts = composed.allowlists.flatMap((listed) => sets.allowlists.get(listed.name) ?? []);
  return instances.map((instance) => {
    const ownRoutes = sets.routes.get(instance.name) ?? [];
    checkRoutes({ agent, provided, shared, own: ownRoutes }, problems);
    const parts = {
      routes: [...provided, ...shared],
      ownRoutes,
      hosts: [...hosts, ...(sets.allowlists.get(instance.name) ?? [])],
      deny: composed.deny,
    };
    const network = composeNetwork(parts);
    reportReopened(parts, network, problems);
    const image = instanceImage(agent, instance, around) ?? spec.image;
    return {
      name: instance.name,
      agent: instance.agent,
      bottles: layers.map((layer) => layer.name),
      suspend: instance.suspend,
      updatePolicy: composed.updatePolicy ?? fleet.updatePolicy,
      spec: {
        ...spec,
        label: instance.label,
        color: instance.color,
        image,
        egress: { routes: network.routes },
        allowlist: network.allowlist,
        deny: network.deny,
      },
      origins: network.origins,
      sources: sourcesOf(agent, layers, { composed, name: instance.name, image, spec }),
    };
  });
}

/** Names of sets as they are written, also of those that give nothing. */
function sourcesOf(
  agent: WrittenFile<WrittenAgent>,
  layers: readonly WrittenFile<WrittenBottle>[],
  made: {
    readonly composed: Composition;
    readonly name: BottleName;
    readonly image: ImageSource;
    readonly spec: SharedSpec;
  },
): readonly string[] {
  const { composed, name, image, spec } = made;
  const own = instanceFiles(name);
  const skills = Object.entries(spec.skills).flatMap(([skill, files]) =>
    files.map(({ path }) => `skills/${skill}/${path}`),
  );
  return [
    agent.path,
    ...layers.map(({ path }) => path),
    ...composed.routes.map((listed) => `routes/${listed.name}.yaml`),
    ...composed.allowlists.map((listed) => `allowlists/${listed.name}.yaml`),
    ...[own.routes, own.allowlist],
    ...(image.kind === 'dockerfile' ? [image.path] : []),
    ...(spec.prompt?.path == null ? [] : [spec.prompt.path]),
    ...skills,
  ];
}

/** Bottles that the agent lists, or the fleet's default one; those that are not there are reported. */
function bottleNames(
  agent: WrittenFile<WrittenAgent>,
  { tree, fleet, problems }: Surroundings,
): readonly string[] {
  const listed = agent.value.bottles;
  if (listed === undefined) return fleet.bottle === null ? [] : [fleet.bottle];
  for (const [index, name] of listed.entries()) {
    if (tree.bottles.has(name)) continue;
    const meant = didYouMean(name, tree.bottles.keys());
    const hint = meant === undefined ? `write bottles/${name}.yaml` : `did you mean "${meant}"?`;
    const at = agent.locate.value(['bottles', index]);
    problems.error({
      code: 'unknown-reference',
      message: `there is no bottle ${quote(name)}`,
      hint,
      file: agent.path,
      at,
    });
  }
  return listed;
}

function resolveProviderRoutes(
  agent: WrittenFile<WrittenAgent>,
  { trust, problems }: Surroundings,
) {
  const provider = resolveProvider(agent.value.provider);
  if (provider.auth !== null) {
    const place = { file: agent.path, at: agent.locate.value(['provider', 'auth', 'secret']) };
    checkSecret({ secret: provider.auth.secret, hosts: provider.hosts }, trust, problems, place);
  }
  if (provider.authProblem !== null) {
    problems.error({
      code: 'invalid-value',
      message: provider.authProblem,
      hint: 'the program would not sign in otherwise',
      file: agent.path,
      at: agent.locate.value(['provider', 'auth']),
    });
  }
  return providerRoutes(provider, { file: agent.path, at: agent.locate.value(['provider']) });
}

type SharedSpec = Omit<BottleSpec, 'label' | 'color' | 'egress' | 'allowlist' | 'deny'>;

/** Defaults are applied here and nowhere after. */
function resolveSpec(
  agent: WrittenFile<WrittenAgent>,
  composed: Composition,
  around: Surroundings,
): SharedSpec {
  const { fleet } = around;
  const { cpus = 2, memory = '4GiB', pids = 512, disk = '20GiB' } = composed.resources;
  return {
    description: agent.value.description ?? null,
    backend: composed.backend ?? fleet.backend,
    provider: resolveProvider(agent.value.provider).spec,
    image: resolveImage(composed, around),
    env: Object.fromEntries(
      Object.entries(composed.env).map(([name, value]) => [name, resolveEnv(value)]),
    ),
    prompt: resolvePrompt(agent, around),
    skills: resolveSkills(composed, around),
    gitUser: { name: composed.gitUser.name ?? null, email: composed.gitUser.email ?? null },
    workspace: agent.value.workspace ?? null,
    resources: { cpus, memoryBytes: accepted(parseByteSize(memory)), pids },
    diskBytes: accepted(parseByteSize(disk)),
    runtime: composed.runtime ?? 'auto',
    pipelock: { extra: composed.pipelockExtra },
    gitGate: { repos: resolveRepos(composed.repos) },
    supervise: fleet.supervise,
    networks: fleet.networks,
  };
}

function resolveImage({ image }: Composition, { files }: Surroundings): ImageSource {
  if (image === null) return { kind: 'builtin' };
  const at = image.file.locate.value(['image', 'dockerfile']);
  return writtenImage(image.value, files, { file: image.file.path, at });
}

function instanceImage(
  { path, locate }: WrittenFile<WrittenAgent>,
  { image }: Instance,
  { files, trust, problems }: Surroundings,
): ImageSource | null {
  if (image === null) return null;
  if ('rootfs' in image.value) {
    const at = locate.value([...image.locate, 'rootfs']);
    checkRootfs(image.value.rootfs, trust, problems, { file: path, at });
  }
  const at = locate.value([...image.locate, 'dockerfile']);
  return writtenImage(image.value, files, { file: path, at });
}

function writtenImage(image: WrittenImage, files: ReferencedFiles, place: Place): ImageSource {
  if ('ref' in image) return { kind: 'ref', ref: image.ref };
  if ('rootfs' in image) return { kind: 'rootfs', name: image.rootfs };
  return files.dockerfile(image.dockerfile, place) ?? { kind: 'builtin' };
}

function resolvePrompt(
  agent: WrittenFile<WrittenAgent>,
  { files }: Surroundings,
): BottleSpec['prompt'] {
  const { prompt } = agent.value;
  if (prompt === undefined) return null;
  if ('text' in prompt) return files.inline(prompt.text);
  return files.text(prompt.file, { file: agent.path, at: agent.locate.value(['prompt', 'file']) });
}

function resolveSkills({ skills }: Composition, { files }: Surroundings): BottleSpec['skills'] {
  return Object.fromEntries(
    skills.flatMap(({ name, file, path }) => {
      const found = files.skill(name, { file: file.path, at: file.locate.value(path) });
      return found === null ? [] : [[name, found] as const];
    }),
  );
}

function resolveEnv(value: Composition['env'][string]): EnvValue {
  if (typeof value === 'string') return { kind: 'literal', value };
  if ('fromHost' in value) return { kind: 'from-host', variable: value.fromHost };
  return { kind: 'ask', question: value.ask };
}

function resolveRepos(repos: Composition['repos']): { readonly [name: string]: GitGateRepo } {
  return Object.fromEntries(
    [...repos].flatMap(([name, { repo }]) => {
      const { url, aliases = [], hostKey = null, key = null, branches = [] } = repo;
      return url === undefined ? [] : [[name, { url, aliases, hostKey, key, branches }] as const];
    }),
  );
}
