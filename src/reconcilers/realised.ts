import type { BottleSpec } from '../model/bottle-spec.ts';
import type { NetworkComponent } from '../model/component.ts';
import { canonicalJson, type Json, sha256 } from '../model/fingerprint.ts';
import type { HostFacts, PipelockProgram } from './plan-context.ts';

/** Part of a bottle's specification that its agent container realises, completed with the host's facts. */
export interface RealisedAgent
  extends Pick<
    BottleSpec,
    'provider' | 'env' | 'prompt' | 'skills' | 'gitUser' | 'workspace' | 'resources'
  > {
  /** Reference that the engine knows: a new Dockerfile or base gives another one. */
  readonly image: string;
  /** What `auto` came to. */
  readonly runtime: string | null;
  readonly host: {
    readonly user: HostFacts['agentUser'];
    readonly state: string;
    /** Absent = none. */
    readonly programs?: string;
  };
}

/** Part that the sidecars container realises; what its programs enforce is asked from themselves. */
export interface RealisedSidecars {
  readonly image: string;
  readonly user: HostFacts['sidecarUser'];
  readonly state: string;
  /** The second gate, and what its resolver cannot know; absent where egress is the only one. */
  readonly pipelock?: PipelockProgram & { readonly hosts: { readonly [name: string]: string } };
}

/** Part that one network realises. Its subnet is not in here: a bottle keeps the one that it got. */
export interface RealisedNetwork {
  readonly component: NetworkComponent;
  readonly pool: string;
}

/** The label texts of a component: equal hash = nothing to do. */
export interface Applied {
  readonly specHash: string;
  readonly applied: string;
}

/** What the agent of `spec` is made of. Label, colour and description are left out: changing them costs nothing. */
export function realisedAgent(
  spec: BottleSpec,
  host: HostFacts,
  resolved: { readonly image: string; readonly runtime: string | null },
): RealisedAgent {
  const { provider, env, prompt, skills, gitUser, workspace, resources } = spec;
  return {
    provider,
    image: resolved.image,
    env,
    prompt,
    skills,
    gitUser,
    workspace,
    resources,
    runtime: resolved.runtime,
    host: {
      user: host.agentUser,
      state: host.stateDirectory,
      ...(host.programs === null ? {} : { programs: host.programs }),
    },
  };
}

/** What the sidecars container is made of. */
export function realisedSidecars(host: HostFacts): RealisedSidecars {
  const shared = { image: host.sidecarImage, user: host.sidecarUser, state: host.stateDirectory };
  if (host.pipelock === undefined) return shared;
  return { ...shared, pipelock: { ...host.pipelock, hosts: firstAddresses(host) } };
}

/** A hosts file knows one address a name, and no wildcards. */
function firstAddresses({ upstream }: HostFacts): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(upstream.hosts).flatMap(([host, [address]]) =>
      address === undefined || host.startsWith('*.') ? [] : [[host, address]],
    ),
  );
}

/** Texts for the labels of a component that realises `part`. */
export function appliedOf(part: RealisedAgent | RealisedSidecars | RealisedNetwork): Applied {
  const applied = canonicalJson(part as unknown as Json);
  return { specHash: sha256(applied), applied };
}
