import type { BottlePlan } from '../model/action.ts';
import { assertNever } from '../model/assert-never.ts';
import type { BottleSpec, EnvValue, ImageSource, ProviderSpec } from '../model/bottle-spec.ts';
import { byteWords } from '../model/byte-words.ts';
import type { DesiredBottle, Origin } from '../model/desired-state.ts';
import type { EgressRoute, PathMatch, RouteMatch } from '../model/egress-route.ts';
import type { Preflight, PreflightRoute } from '../model/preflight.ts';
import { resolveRuntime } from './agent/runtime.ts';
import { imageReference } from './image/image-reference.ts';
import type { PlanContext } from './plan-context.ts';

/** Sums up a bottle as a commit would have it, on this host. `plan` is its part of that commit's plan. */
export function preflightOf(
  bottle: DesiredBottle,
  inputs: {
    readonly plan: BottlePlan | null;
    readonly context: Pick<PlanContext, 'backends' | 'host'>;
    readonly notEnforced: readonly string[];
  },
): Preflight {
  const { spec, origins } = bottle;
  const { plan, context, notEnforced } = inputs;
  const backend = plan?.backend ?? null;
  return {
    bottle: bottle.name,
    agent: bottle.agent,
    label: spec.label,
    provider: providerWords(spec.provider),
    backend,
    runtime: runtimeWords(spec, backend, context),
    image: `${imageWords(spec.image)} (${imageReference(spec.image, context.host)})`,
    bottles: bottle.bottles,
    networks: `${networkWords(spec, backend, context)}; the only way out is through its sidecars`,
    resources: resourceWords(spec),
    routes: spec.egress.routes.map((route) => routeOf(route, origins)),
    allowlist: spec.allowlist.map(({ host, expires }) => ({
      host,
      expires,
      origin: originWords(origins[`allow:${host}`]),
    })),
    denied: spec.deny.map(({ host, reason }) => ({
      host,
      reason,
      origin: originWords(origins[`deny:${host}`]),
    })),
    env: Object.entries(spec.env)
      .map(([name, value]) => ({ name, from: sourceWords(value) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    prompt: spec.prompt === null ? null : (spec.prompt.path ?? 'written in the YAML'),
    skills: Object.keys(spec.skills).sort(),
    workspace: spec.workspace === null ? null : spec.workspace.copy,
    gitUser: gitUserWords(spec.gitUser),
    updatePolicy: bottle.updatePolicy,
    notEnforced,
    pending: plan?.pending ?? null,
  };
}

function providerWords(provider: ProviderSpec): string {
  return provider.kind === 'custom' ? `custom: ${provider.command.join(' ')}` : provider.kind;
}

function runtimeWords(
  spec: BottleSpec,
  backend: string | null,
  { backends }: Pick<PlanContext, 'backends'>,
): string {
  const place = backends.find(({ name }) => name === backend);
  if (place === undefined) return spec.runtime;
  const resolved = resolveRuntime(spec.runtime, place.availability);
  if (resolved.kind === 'missing') return `${resolved.runtime}, which ${place.name} does not have`;
  if (resolved.runtime !== null) return resolved.runtime;
  const hasRuntimes = place.availability.available && place.availability.runtimes.length > 0;
  return hasRuntimes ? 'the engine’s default' : 'none, for there is no engine';
}

function networkWords(
  { networks }: BottleSpec,
  backend: string | null,
  { backends }: Pick<PlanContext, 'backends'>,
): string {
  const place = backends.find(({ name }) => name === backend);
  return place?.capabilities.internalNetwork === false
    ? 'a loopback of its own and no network'
    : `its own, from ${networks.pool}`;
}

function imageWords(source: ImageSource): string {
  switch (source.kind) {
    case 'builtin':
      return 'the one that ships with bb';
    case 'dockerfile':
      return source.path;
    case 'ref':
      return 'as named';
    case 'rootfs':
      return `root file system ${source.name} of this host`;
    default:
      return assertNever(source);
  }
}

function resourceWords({ resources, diskBytes }: BottleSpec): string {
  const { cpus, memoryBytes, pids } = resources;
  return `${cpus} CPU, ${byteWords(memoryBytes)}, ${pids} processes, ${byteWords(diskBytes)} of disk`;
}

function routeOf(route: EgressRoute, origins: DesiredBottle['origins']): PreflightRoute {
  const requests = route.matches.map(matchWords);
  return {
    host: route.host,
    requests: requests.length === 0 ? ['any request'] : requests,
    secret: route.auth?.secret ?? null,
    expires: route.expires,
    origin: originWords(origins[`route:${route.host}`]),
  };
}

function matchWords({ methods, paths, headers }: RouteMatch): string {
  return [
    methods.length === 0 ? 'any method' : methods.join(', '),
    paths.length === 0 ? 'every path' : paths.map(pathWords).join(' '),
    ...(headers.length === 0 ? [] : [`with header ${headers.map(({ name }) => name).join(', ')}`]),
  ].join(' ');
}

function pathWords({ kind, value }: PathMatch): string {
  switch (kind) {
    case 'prefix':
      return value.endsWith('/') ? `${value}*` : `${value}/*`;
    case 'exact':
      return value;
    case 'regex':
      return `/${value}/ as a pattern`;
    default:
      return assertNever(kind);
  }
}

function originWords(origin: Origin | undefined): string | null {
  return origin === undefined ? null : `${origin.file}:${origin.line}`;
}

function sourceWords(value: EnvValue): string {
  switch (value.kind) {
    case 'literal':
      return 'written in the files';
    case 'from-host':
      return `variable ${value.variable} of this host`;
    case 'ask':
      return 'asked for at the start';
    default:
      return assertNever(value);
  }
}

function gitUserWords({ name, email }: BottleSpec['gitUser']): string | null {
  if (name === null && email === null) return null;
  return [name, email === null ? null : `<${email}>`].filter((part) => part !== null).join(' ');
}
