import type { PlanReport, ProposalReview } from '../../src/controller/api.ts';
import type { Condition } from '../../src/model/condition.ts';
import {
  type BottleName,
  type FleetName,
  type ProposalId,
  parseAgentName,
  parseBottleName,
  parseFleetName,
  parseProposalId,
  parseRevision,
  type Revision,
} from '../../src/model/names.ts';
import type { Preflight } from '../../src/model/preflight.ts';
import type { BottleStatus, FleetStatus } from '../../src/model/status.ts';

/** A commit id of one repeated hexadecimal digit. */
export function revision(digit: string): Revision {
  return must(parseRevision(digit.repeat(40)));
}

/** The `index`th proposal id, in order of time. */
function proposalId(index: number): ProposalId {
  return must(parseProposalId(`01K${String(index).padStart(23, '0')}`));
}

export function condition(
  type: Condition['type'],
  message = '',
  status: 'True' | 'False' = 'True',
) {
  return { type, status, reason: type, message, lastTransition: '2026-11-01T10:00:00Z' } as const;
}

/** A bottle that is ready; a test names what is different about it. */
export function bottleStatus(
  changes: Omit<Partial<BottleStatus>, 'name'> & { readonly name?: string } = {},
): BottleStatus {
  const { name = 'dev', ...others } = changes;
  return {
    name: bottleName(name),
    agent: 'researcher',
    label: null,
    color: null,
    backend: 'docker',
    conditions: [condition('Ready')],
    lastAttemptedRevision: revision('a'),
    lastAppliedRevision: revision('a'),
    generation: 1,
    observedGeneration: 1,
    sidecars: [
      { name: 'egress', state: 'running' },
      { name: 'supervise', state: 'running' },
    ],
    startedAt: '2026-11-01T10:00:00Z',
    pending: null,
    pendingProposals: 0,
    ...others,
  };
}

/** A fleet of no bottles whose source is fine. */
export function fleetStatus(changes: Partial<FleetStatus> = {}): FleetStatus {
  return {
    fleet: fleetName('home'),
    repository: '/fleet',
    branch: 'main',
    revision: revision('a'),
    lastAttemptedRevision: revision('a'),
    lastAppliedRevision: revision('a'),
    conditions: [condition('SourceReady')],
    diagnostics: [],
    backends: [{ name: 'docker', available: true, detail: 'Docker Engine 29' }],
    remote: null,
    notEnforced: [],
    bottles: [],
    controllerPid: 4711,
    ...changes,
  };
}

/** The plan of a fleet that is as it should be. */
export function planReport(changes: Partial<PlanReport['plan']> = {}): PlanReport {
  return {
    revision: revision('a'),
    plan: { bottles: [], actions: [], refused: null, ...changes },
    diagnostics: [],
  };
}

/** A pending proposal of `dev` for one host. */
export function proposalReview(
  changes: {
    readonly index?: number;
    readonly bottle?: string;
    readonly host?: string;
    readonly justification?: string;
    readonly diff?: string;
    readonly state?: ProposalReview['state'];
  } = {},
): ProposalReview {
  const { index = 1, bottle = 'dev', host = 'api.example.test' } = changes;
  return {
    proposal: {
      id: proposalId(index),
      bottle: bottleName(bottle),
      createdAt: '2026-11-01T10:00:00Z',
      request: {
        tool: 'egress-block',
        host,
        pathAllowlist: ['/v1/'],
        methods: ['GET'],
        auth: null,
      },
      justification: changes.justification ?? 'the task needs it',
    },
    state: changes.state ?? 'pending',
    summary: `GET ${host} /v1/`,
    diff:
      changes.diff ??
      `--- a/routes/${bottle}.yaml\n+++ b/routes/${bottle}.yaml\n@@ -0,0 +1 @@\n+routes: []\n`,
    plan: planReport().plan,
    effective: [`${bottle} may GET https://${host}/v1/*`],
    risks: ['first time this host is seen'],
    seen: `seen-${index}`,
    text: `host: ${host}\npath_allowlist:\n  - /v1/\nmethods:\n  - GET\nauth: null\n`,
  };
}

/** What is told of a bottle before it starts: one route with a credential, one variable of each kind. */
export function preflight(bottle = 'dev', changes: Partial<Preflight> = {}): Preflight {
  return {
    bottle: bottleName(bottle),
    agent: must(parseAgentName('researcher')),
    label: null,
    provider: 'claude',
    backend: 'docker',
    runtime: 'runsc',
    image: 'the one that ships with bb (bb/agent:0123)',
    bottles: ['base', 'dev'],
    networks: 'its own, from 10.240.0.0/13; the only way out is through its sidecars',
    resources: '2 CPU, 4 GiB, 512 processes',
    routes: [
      {
        host: 'api.example.test',
        requests: ['GET, POST /v1/*'],
        secret: 'example',
        expires: null,
        origin: 'routes/dev.yaml:3',
      },
    ],
    allowlist: [{ host: 'files.example.test', expires: null, origin: null }],
    denied: [],
    env: [
      { name: 'PAGER', from: 'written in the files' },
      { name: 'TZ', from: 'variable TZ of this host' },
    ],
    prompt: 'prompts/researcher.md',
    skills: [],
    workspace: null,
    gitUser: null,
    updatePolicy: 'when-idle',
    notEnforced: ['pipelock: built-in'],
    pending: null,
    ...changes,
  };
}

export function bottleName(raw: string): BottleName {
  return must(parseBottleName(raw));
}

export function fleetName(raw: string): FleetName {
  return must(parseFleetName(raw));
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the builder was given a name that does not parse');
  return value;
}
