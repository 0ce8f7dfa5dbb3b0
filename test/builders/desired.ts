import type { TreeFile } from '../../src/desired/tree-file.ts';
import type { BottleSpec, CustomProviderSpec } from '../../src/model/bottle-spec.ts';
import type { DesiredBottle } from '../../src/model/desired-state.ts';
import type { AllowlistEntry, EgressRoute } from '../../src/model/egress-route.ts';
import type { HostPolicy } from '../../src/model/host-policy.ts';
import {
  type AgentName,
  type BottleName,
  parseAgentName,
  parseBottleName,
} from '../../src/model/names.ts';

/** A route that lets every request to `host` pass; `partial` says what a test is about. */
export function egressRoute(host: string, partial: Partial<EgressRoute> = {}): EgressRoute {
  return {
    host,
    ports: [80, 443],
    matches: [],
    auth: null,
    dlp: null,
    git: { fetch: false },
    addresses: [],
    expires: null,
    ...partial,
  };
}

export function allowlistEntry(
  host: string,
  partial: Partial<AllowlistEntry> = {},
): AllowlistEntry {
  return { host, reason: null, expires: null, ...partial };
}

/** A program that can do nothing but run; `partial` says what a test is about. */
export function customProvider(partial: Partial<CustomProviderSpec>): CustomProviderSpec {
  return {
    kind: 'custom',
    command: ['bash'],
    resume: null,
    headless: null,
    transcripts: null,
    prompt: null,
    register: null,
    skills: null,
    ...partial,
  };
}

/** A spec as the loader resolves a bottle that says nothing: the defaults, and nothing reachable. */
export function bottleSpec(partial: Partial<BottleSpec> = {}): BottleSpec {
  return {
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
    networks: { pool: '10.213.0.0/16' },
    ...partial,
  };
}

/** One bottle of an agent of the same name; `spec` says what a test is about. */
export function desiredBottle(
  name: string,
  spec: Partial<BottleSpec> = {},
  rest: Partial<Omit<DesiredBottle, 'name' | 'spec'>> = {},
): DesiredBottle {
  return {
    name: bottleName(name),
    agent: agentName(name),
    bottles: [],
    suspend: false,
    updatePolicy: 'when-idle',
    spec: bottleSpec(spec),
    origins: {},
    sources: [],
    ...rest,
  };
}

/** Regular files of a tree from their texts. */
export function treeFiles(texts: Readonly<Record<string, string>>): ReadonlyMap<string, TreeFile> {
  const encoder = new TextEncoder();
  return new Map(
    Object.entries(texts).map(([path, text]) => [
      path,
      { mode: '100644', bytes: encoder.encode(text) },
    ]),
  );
}

/** A host that grants nothing, but for what `partial` says. */
export function hostPolicy(partial: Partial<HostPolicy> = {}): HostPolicy {
  return { secrets: {}, envAllowed: [], rootfs: [], ...partial };
}

export function bottleName(raw: string): BottleName {
  return present(parseBottleName(raw), raw);
}

export function agentName(raw: string): AgentName {
  return present(parseAgentName(raw), raw);
}

function present<Value>(value: Value | undefined, raw: string): Value {
  if (value === undefined) throw new Error(`not a valid name: ${raw}`);
  return value;
}
