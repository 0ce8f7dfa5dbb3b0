import type { BottleSpec } from '../../src/model/bottle-spec.ts';
import type { DesiredBottle, DesiredState } from '../../src/model/desired-state.ts';
import type { EgressRoute } from '../../src/model/egress-route.ts';
import { sha256 } from '../../src/model/fingerprint.ts';
import {
  type BottleName,
  type FleetName,
  parseAgentName,
  parseBottleName,
  parseFleetName,
  parseRevision,
  type Revision,
} from '../../src/model/names.ts';
import type { BackendObservation, ObservedState } from '../../src/model/observed-state.ts';
import type { HostFacts, PlanContext } from '../../src/reconcilers/plan-context.ts';
import { customProvider } from './desired.ts';

export const HOME = fleetName('home');
export const REVISION = revision('1');

export function fleetName(raw: string): FleetName {
  return must(parseFleetName(raw));
}

export function bottleName(raw: string): BottleName {
  return must(parseBottleName(raw));
}

/** A commit id of one repeated digit. */
export function revision(digit: string): Revision {
  return must(parseRevision(digit.repeat(40)));
}

export function route(host: string, more: Partial<EgressRoute> = {}): EgressRoute {
  return {
    host,
    ports: [443],
    matches: [],
    auth: null,
    dlp: null,
    git: { fetch: false },
    addresses: [],
    expires: null,
    ...more,
  };
}

/** A bottle of which every field is valid; a test names only what it is about. */
export function bottle(
  name: string,
  spec: Partial<BottleSpec> = {},
  more: Partial<Omit<DesiredBottle, 'name' | 'spec'>> = {},
): DesiredBottle {
  return {
    name: bottleName(name),
    agent: must(parseAgentName('researcher')),
    bottles: ['base'],
    suspend: false,
    updatePolicy: 'when-idle',
    origins: {},
    sources: [],
    ...more,
    spec: {
      label: null,
      color: null,
      description: null,
      backend: 'auto',
      provider: customProvider({}),
      image: { kind: 'builtin' },
      env: {},
      prompt: null,
      skills: {},
      gitUser: { name: null, email: null },
      workspace: null,
      resources: { cpus: 2, memoryBytes: 4 * 1024 ** 3, pids: 512 },
      diskBytes: 20 * 1024 ** 3,
      runtime: 'auto',
      egress: { routes: [] },
      allowlist: [],
      deny: [],
      pipelock: { extra: {} },
      gitGate: { repos: {} },
      supervise: { waitSeconds: 30, maxPendingPerBottle: 20 },
      networks: { pool: '10.80.0.0/16' },
      ...spec,
    },
  };
}

/** A bottle that uses every field of its specification. */
export function completeBottle(name: string): DesiredBottle {
  const digest = sha256('text');
  return bottle(name, {
    label: 'Development',
    color: 'cyan',
    description: 'Writes code',
    backend: 'simulated',
    provider: customProvider({ command: ['agent'], resume: ['agent', '-r'] }),
    image: { kind: 'dockerfile', path: 'images/agent.Dockerfile', digest, context: [] },
    env: {
      PAGER: { kind: 'literal', value: 'cat' },
      LANG: { kind: 'from-host', variable: 'LANG' },
    },
    prompt: { path: 'prompts/dev.md', digest },
    skills: { style: [{ path: 'SKILL.md', executable: false, digest }] },
    gitUser: { name: 'dev-bot', email: 'bot@example.test' },
    workspace: { copy: '../site' },
    runtime: 'runc',
    egress: {
      routes: [
        route('api.example.test', {
          matches: [
            {
              paths: [{ kind: 'prefix', value: '/v1/' }],
              methods: ['GET'],
              headers: [{ name: 'accept', exact: 'application/json' }],
            },
          ],
          auth: { scheme: 'Bearer', secret: 'api' },
          dlp: { outbound: ['token_patterns'], onMatch: 'block' },
          expires: '2030-01-01T00:00:00Z',
        }),
      ],
    },
    allowlist: [{ host: 'packages.example.test', reason: 'packages', expires: null }],
    deny: [{ host: 'paste.test', reason: 'exfiltration', file: 'bottles/base.yaml' }],
    gitGate: {
      repos: {
        site: {
          url: 'ssh://git@gitea.example.test/me/site.git',
          aliases: [],
          hostKey: 'ssh-ed25519 AAAA',
          key: { secret: 'gitea-ssh' },
          branches: ['agent/*'],
        },
      },
    },
  });
}

export function desiredState(
  bottles: readonly DesiredBottle[],
  fleet: Partial<DesiredState['fleet']> = {},
): DesiredState {
  return {
    fleet: { name: HOME, suspend: false, audit: { signCommits: 'auto' }, ...fleet },
    bottles: Object.fromEntries(bottles.map((one) => [one.name, one])),
    policies: [],
    contents: new Map([[sha256('text'), new TextEncoder().encode('text')]]),
  };
}

export const HOST: HostFacts = {
  stateDirectory: '/state/home',
  sidecarUser: { uid: 1000, gid: 1000 },
  agentUser: { uid: 1001, gid: 1001 },
  sidecarImage: 'bb/sidecars:one',
  agentImage: 'bb/agent:one',
  imageBase: 'bb/base:one',
  rootfs: {},
  programs: null,
  upstream: { hosts: {}, trustedCaPem: [] },
  secretVersions: { api: 'v1' },
};

/** One available backend `simulated`, nothing applied, nothing permitted. */
export function planContext(more: Partial<PlanContext> = {}): PlanContext {
  return {
    nowMs: Date.parse('2026-06-01T00:00:00Z'),
    revision: REVISION,
    host: HOST,
    backends: [backendEntry('simulated')],
    applied: {},
    permissions: { allowMassDelete: false, applyNow: [] },
    ...more,
  };
}

export function backendEntry(
  name: string,
  more: Partial<PlanContext['backends'][number]> = {},
): PlanContext['backends'][number] {
  return {
    name,
    capabilities: {
      reload: true,
      internalNetwork: true,
      freeze: true,
      capabilityChange: true,
      wholeDockerfiles: true,
      rootfs: true,
      attach: true,
      otherUsers: true,
      diskLimit: true,
      closedRuntimes: [],
    },
    availability: { available: true, detail: name, runtimes: ['runc'] },
    ...more,
  };
}

type Available = Extract<BackendObservation, { available: true }>;

/** An engine that has nothing of ours but our images. */
export function emptyBackend(more: Partial<Available> = {}): Available {
  return {
    available: true,
    bottles: [],
    foreign: [],
    subnetsInUse: [],
    images: [HOST.sidecarImage, HOST.agentImage],
    ...more,
  };
}

export function observedState(more: Partial<ObservedState> = {}): ObservedState {
  return {
    atMs: 0,
    backends: { simulated: emptyBackend() },
    sidecars: {},
    inventory: [],
    ...more,
  };
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the builder was given something that does not parse');
  return value;
}
