import { mkdir } from 'node:fs/promises';
import { expect } from 'vitest';
import { type Faults, NO_FAULTS } from '../../src/backends/simulated/faults.ts';
import { SimulatedBackend } from '../../src/backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import { createBottleRecords } from '../../src/controller/adapters/bottle-records.ts';
import { createFleetStore } from '../../src/controller/adapters/fleet-store.ts';
import { openGit } from '../../src/controller/adapters/git.ts';
import type { TrustOptions } from '../../src/controller/adapters/git-trust.ts';
import { createHeldDecisions } from '../../src/controller/adapters/held-decisions.ts';
import { openRemoteGit } from '../../src/controller/adapters/remote-git.ts';
import { runSimulated } from '../../src/controller/adapters/simulated-programs.ts';
import {
  SimulatedSidecarFiles,
  type SimulatedSidecarOptions,
} from '../../src/controller/adapters/simulated-sidecar-files.ts';
import { runningSidecars } from '../../src/controller/adapters/simulation.ts';
import { systemClock } from '../../src/controller/adapters/system-clock.ts';
import { systemRandom } from '../../src/controller/adapters/system-random.ts';
import type { Answer, ControllerApi, Refusal } from '../../src/controller/api.ts';
import { createAvailabilityMemo } from '../../src/controller/availability-memo.ts';
import { createController } from '../../src/controller/controller.ts';
import { DecisionIndex } from '../../src/controller/decision-index.ts';
import { Decisions } from '../../src/controller/decisions.ts';
import { DiskReadings } from '../../src/controller/disk-readings.ts';
import { DiskWatch } from '../../src/controller/disk-watch.ts';
import { FleetJournal } from '../../src/controller/fleet-journal.ts';
import { GrantExpiry } from '../../src/controller/grant-expiry.ts';
import type { RemoteSettings } from '../../src/controller/host-config.ts';
import type { PassPorts } from '../../src/controller/pass.ts';
import { PolicyDecisions } from '../../src/controller/policy-decisions.ts';
import type { Git } from '../../src/controller/ports/git.ts';
import type { Secrets } from '../../src/controller/ports/secrets.ts';
import { Reconciler } from '../../src/controller/reconciler.ts';
import { createStatusHints } from '../../src/controller/status-hints.ts';
import { Unattended } from '../../src/controller/unattended.ts';
import { type WatchPorts, watchFleet } from '../../src/controller/watch-loop.ts';
import type { Random } from '../../src/model/clock.ts';
import type { ProposalId } from '../../src/model/names.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import { desiredImageBuilds } from '../../src/reconcilers/image/image-build.ts';
import type { HostFacts } from '../../src/reconcilers/plan-context.ts';
import { diskQueueFiles } from '../../src/supervise/disk-queue-files.ts';
import { formatQueueFile } from '../../src/supervise/proposal-file.ts';
import { createProposalStore, type ProposalStore } from '../../src/supervise/proposal-store.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { Life } from '../fakes/life.ts';
import { hostPolicy } from './desired.ts';
import { HOME, HOST } from './observed.ts';
import { proposal, proposalId, proposalRequest } from './proposal.ts';
import { gitRepository, type TestRepository } from './repository.ts';
import { temporaryFolder } from './state-directory.ts';

/** A fleet of bottles `dev` and `qa`, valid; a test names only what it changes. */
export const FLEET_FILES: { readonly [path: string]: string } = {
  'desired-state/fleet.yaml': 'name: home\ndefaults:\n  updatePolicy: immediate\n',
  'desired-state/bottles/base.yaml': 'env:\n  PAGER: cat\n',
  'desired-state/agents/dev.yaml': agentFile('dev'),
  'desired-state/agents/qa.yaml': agentFile('qa'),
};

/** An agent with these instances. */
export function agentFile(...instances: readonly string[]): string {
  const named = instances.map((name) => `  - {name: ${name}}\n`).join('');
  return `provider:\n  command: [bash]\nbottles: [base]\ninstances:${named === '' ? ' []\n' : `\n${named}`}`;
}

/** One process of the controller over a world, real code from the API down to the ports. */
export interface TestController {
  readonly api: ControllerApi;
  readonly reconciler: Reconciler;
  readonly decisions: Decisions;
  readonly journal: FleetJournal;
  readonly policies: PolicyDecisions;
  readonly index: DecisionIndex;
  readonly life: Life;
  /** Runs the loop until `signal` aborts. */
  watch(signal: AbortSignal, onLine?: (line: string) => void): Promise<void>;
}

/** What outlives a controller: repository, engine, sidecars, state directory, and the faults that a test sets. */
export class FleetWorld implements AsyncDisposable {
  readonly repository: TestRepository;
  readonly engine = new SimulatedEngine();
  readonly clock = new FakeClock();
  readonly sidecars = new Map<string, string>();
  readonly stateDirectory: string;
  faults: Partial<Faults> = {};
  /** Whether the engine can change the image of a bottle. */
  capabilityChange = true;
  /** Whether the loop measures what bottles take on the disk, which wakes it up now and then. */
  watchesDisk = false;
  /** Whether the engine can save a bottle as an image. */
  freeze = true;
  /** What programs answer. */
  programs = runSimulated;
  refuses: NonNullable<SimulatedSidecarOptions['refuses']> = () => null;
  /** Bottles whose sidecars take what they are given and report nothing new. */
  readonly silent = new Set<string>();
  /** Whom the host trusts; null follows anybody. */
  trust: TrustOptions | null = null;
  /** What is followed instead of `repository`, when it is elsewhere. */
  remote: RemoteSettings | null = null;
  /** Root file systems that `image: {rootfs: name}` may take. */
  rootfs: HostFacts['rootfs'] = {};
  onInvalid: 'reject' | 'isolate' = 'reject';
  #proposals = 0;

  constructor(repository: TestRepository, stateDirectory: string) {
    this.repository = repository;
    this.stateDirectory = stateDirectory;
  }

  /** A new process: it knows nothing but what the world tells it. */
  async open(life = new Life()): Promise<TestController> {
    const { clock, stateDirectory } = this;
    const opened = await this.#git();
    const chain: Git['chain'] = (base) => life.lend('chain', opened.chain(base), ['publish']);
    const git = life.lend('git', { ...opened, chain }, ['commit', 'appendNote']);
    const backend = life.lend('backend', this.#backend(), CHANGING_CALLS);
    const files = life.lend('files', this.#files(), [
      'prepare',
      'render',
      'publishTrust',
      'remove',
    ]);
    const store = life.lend('store', createFleetStore(stateDirectory), [
      'writeInventory',
      'writeApplied',
      'writeAppliedRevision',
      'appendEvent',
      'appendTurn',
      'writeTurns',
    ]);
    const records = life.lend('records', createBottleRecords(stateDirectory), [
      'writeMetadata',
      'writeMark',
      'writeSessions',
      'clearMark',
      'keep',
      'remove',
    ]);
    const proposals = life.lend('proposals', this.proposals(), ['respond', 'archive', 'notify']);
    const held = life.lend('held', createHeldDecisions(stateDirectory), ['hold', 'release']);
    const hints = createStatusHints();
    const ended = new AbortController();
    files.watch((bottle) => hints.tell(bottle), ended.signal);
    const { rootfs } = this;
    const policy = hostPolicy({ rootfs: Object.keys(rootfs) });
    const { secretVersions: _versions, ...host } = { ...HOST, stateDirectory, rootfs };
    const disk = new DiskReadings();
    const pass: PassPorts = {
      disk,
      git,
      backends: [backend],
      files,
      records,
      secrets: NO_SECRETS,
      availabilities: createAvailabilityMemo(),
      clock,
      policy,
      host,
    };
    const journal = new FleetJournal({ store, git, clock });
    const reconciler = new Reconciler({
      ...pass,
      random: HALF,
      journal,
      imageBuilds: ({ desired, context }) =>
        new Map([
          ...desiredImageBuilds(desired, context.host, { dockerfile: 'FROM scratch\n' }),
          ...IMAGE_BUILDS,
        ]),
      performing: { environment: {}, hints, workspaces: { read: async () => [] } },
      onInvalid: this.onInvalid,
    });
    const index = new DecisionIndex(git);
    const decisions = new Decisions({
      git,
      policy,
      clock,
      store: proposals,
      index,
      reconciler,
      journal,
      held,
    });
    const inForce = () => reconciler.inForce();
    const deciding = { decisions, store: proposals, index, journal, clock, inForce };
    const policies = new PolicyDecisions(deciding);
    const unattended = new Unattended({
      decisions,
      policies,
      expiry: new GrantExpiry({ git, policy, clock, journal }),
    });
    const api = createController({
      pass,
      random: HALF,
      reconciler,
      decisions,
      unattended,
      proposals,
      journal,
      controllerPid: null,
      close: async () => ended.abort(),
    });
    const diskWatch = new DiskWatch({
      ...{ backends: [backend], clock, journal, readings: disk },
      last: () => reconciler.snapshot().last,
    });
    const watching: Omit<WatchPorts, 'onLine'> = {
      ...pass,
      hints,
      random: HALF,
      reconciler,
      unattended,
      onLooked: () => undefined,
      ...(this.watchesDisk ? { diskWatch } : {}),
      isOwner: async () => true,
    };
    return {
      api,
      reconciler,
      decisions,
      journal,
      policies,
      index,
      life,
      watch: (signal, onLine = () => undefined) =>
        watchFleet({ ...watching, onLine }, HOME, signal),
    };
  }

  proposals(): ProposalStore {
    return createProposalStore(diskQueueFiles, this.stateDirectory);
  }

  /** An agent of `dev`, or of another bottle, asks for a host. */
  async propose(host = 'api.example.test', more: Partial<Proposal> = {}): Promise<ProposalId> {
    this.#proposals += 1;
    const id = proposalId(this.#proposals);
    const asked = proposal({ id, request: proposalRequest({ host }), ...more });
    const { queue } = bottleLayout(this.stateDirectory, asked.bottle);
    await mkdir(queue, { recursive: true });
    await diskQueueFiles.publish(`${queue}/${asked.id}.proposal.json`, formatQueueFile(asked));
    return id;
  }

  /** Time goes on until `work` ends; an hour is enough for anything. */
  async elapse<Value>(work: Promise<Value>): Promise<Value> {
    let isOver = false;
    const finished = work.finally(() => {
      isOver = true;
    });
    finished.catch(() => undefined);
    await expect
      .poll(
        async () => {
          if (!isOver && this.clock.sleeping > 0) await this.clock.advance(1_000);
          return isOver;
        },
        { timeout: 20_000, interval: 15 },
      )
      .toBe(true);
    return finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.repository[Symbol.asyncDispose]();
  }

  async #git() {
    const { remote, trust } = this;
    const followed = { branch: 'main', folder: 'desired-state', trust };
    const opened =
      remote === null
        ? await openGit({ ...followed, repository: this.repository.root })
        : await openRemoteGit({
            ...followed,
            remote,
            directory: `${this.stateDirectory}/.remotes`,
            secrets: NO_SECRETS,
            clock: systemClock,
            random: systemRandom,
          });
    if (!opened.ok) throw new Error(opened.problem.message);
    return opened.git;
  }

  #backend(): SimulatedBackend {
    const { engine, clock, programs } = this;
    const faults: Faults = {
      before: (call, ref) => (this.faults.before ?? NO_FAULTS.before)(call, ref),
      after: (call, ref) => (this.faults.after ?? NO_FAULTS.after)(call, ref),
      losesHint: (bottle) => (this.faults.losesHint ?? NO_FAULTS.losesHint)(bottle),
    };
    const backend = new SimulatedBackend({ engine, clock, faults, programs });
    const { capabilityChange, freeze } = this;
    const capabilities = { ...backend.capabilities, capabilityChange, freeze };
    return Object.assign(backend, { capabilities });
  }

  #files(): SimulatedSidecarFiles {
    const { clock, sidecars } = this;
    const store = {
      keys: () => sidecars.keys(),
      get: (bottle: string) => sidecars.get(bottle),
      set: (bottle: string, text: string) => {
        if (!this.silent.has(bottle)) sidecars.set(bottle, text);
      },
      delete: (bottle: string) => sidecars.delete(bottle),
    };
    return new SimulatedSidecarFiles({
      clock,
      store,
      refuses: (bottle, inputs) => this.refuses(bottle, inputs),
      running: (bottle) => runningSidecars(this.engine, HOME, bottle),
    });
  }
}

/** A world with a repository of `files`, or of `FLEET_FILES`, and nothing made yet. */
export async function fleetWorld(
  files: { readonly [path: string]: string } = FLEET_FILES,
): Promise<FleetWorld> {
  const state = await temporaryFolder();
  return new FleetWorld(await gitRepository({ files }), `${state.path}/home`);
}

/** The value of an answer that must be one. */
export function granted<Value>(answer: Answer<Value>): Value {
  if (!answer.ok) throw new Error(`refused: ${answer.refusal.kind}: ${answer.refusal.message}`);
  return answer.value;
}

/** The refusal of an answer that must be one. */
export function refusalOf(answer: Answer<unknown>): Refusal {
  if (answer.ok) throw new Error('this was to be refused');
  return answer.refusal;
}

const CHANGING_CALLS = [
  'ensureImage',
  'createNetwork',
  'createContainer',
  'start',
  'stop',
  'remove',
  'exec',
  'copyIn',
  'snapshot',
] as const;

const HALF: Random = { next: () => 0.5, bytes: (length) => new Uint8Array(length) };

const NO_SECRETS: Secrets = {
  versions: async () => ({ versions: {}, problems: {} }),
  values: async () => new Map(),
  login: async () => null,
};

const IMAGE_BUILDS = new Map(
  [HOST.sidecarImage, HOST.agentImage].map((reference) => [
    reference,
    { reference, dockerfile: 'FROM scratch\n', buildArgs: {}, context: new Map() },
  ]),
);
