import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { createDockerBackend } from '../backends/docker/docker-backend.ts';
import { createEmbeddedBackend } from '../backends/embedded/embedded-backend.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import type { FleetName } from '../model/names.ts';
import { desiredImageBuilds } from '../reconcilers/image/image-build.ts';
import { diskQueueFiles } from '../supervise/disk-queue-files.ts';
import { createProposalStore, type ProposalStore } from '../supervise/proposal-store.ts';
import { createBottleRecords } from './adapters/bottle-records.ts';
import { createFleetStore } from './adapters/fleet-store.ts';
import { createHeldDecisions } from './adapters/held-decisions.ts';
import { loadHostConfig } from './adapters/host-config.ts';
import { rootfsOf } from './adapters/host-rootfs.ts';
import { hostSecrets } from './adapters/secrets.ts';
import { type ShippedImages, shippedImages } from './adapters/shipped-images.ts';
import { createSidecarFiles } from './adapters/sidecar-files.ts';
import { openSimulation } from './adapters/simulation.ts';
import { ensureStateDirectory, stateDirectory } from './adapters/state-directory.ts';
import { claimState } from './adapters/state-owner.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemRandom } from './adapters/system-random.ts';
import { createWorkspaceReader } from './adapters/workspace-reader.ts';
import type { Answer, ControllerOptions, Refusal } from './api.ts';
import { createAvailabilityMemo } from './availability-memo.ts';
import { AGENT_USER, ownSidecarUser } from './bottle-users.ts';
import { DecisionIndex } from './decision-index.ts';
import { Decisions } from './decisions.ts';
import { DiskReadings } from './disk-readings.ts';
import { DiskWatch } from './disk-watch.ts';
import { FleetJournal } from './fleet-journal.ts';
import { GrantExpiry } from './grant-expiry.ts';
import { DEFAULT_BASE, type HostSettings } from './host-config.ts';
import { type OpenedSource, openSource } from './open-source.ts';
import type { PassPorts } from './pass.ts';
import { PolicyDecisions } from './policy-decisions.ts';
import type { Secrets } from './ports/secrets.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';
import { Reconciler } from './reconciler.ts';
import { createStatusHints, type StatusHints } from './status-hints.ts';
import { Unattended } from './unattended.ts';

/** A fleet's controller with all its real adapters, before it holds the lock or does anything. */
export interface Assembled {
  readonly fleet: FleetName;
  readonly stateDirectory: string;
  readonly ports: PassPorts;
  readonly hints: StatusHints;
  readonly journal: FleetJournal;
  readonly proposals: ProposalStore;
  readonly reconciler: Reconciler;
  readonly decisions: Decisions;
  readonly unattended: Unattended;
  readonly diskWatch: DiskWatch;
}

/** Never chosen by itself: nothing in it runs. */
const SIMULATED = 'simulated';
const BACKENDS = ['docker', 'embedded', SIMULATED];

/** Finds the repository, reads the host's configuration and puts the adapters together. Touches no bottle. */
export async function assemble(options: ControllerOptions): Promise<Answer<Assembled>> {
  const { environment, backend } = options;
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    const nearest = didYouMean(backend, BACKENDS);
    return refuse({
      kind: 'bad-request',
      message: `there is no backend "${backend}"`,
      hint:
        nearest === undefined
          ? `it is one of ${BACKENDS.join(', ')}`
          : `did you mean "${nearest}"?`,
      diagnostics: [],
    });
  }
  const loaded = await loadHostConfig({
    environment,
    directory: options.configDirectory ?? null,
  });
  if (!loaded.ok) {
    return refuse({
      kind: 'host-config',
      message: 'the host configuration cannot be used',
      hint: 'mend the files below; nothing is done while the trust boundary is unclear',
      diagnostics: loaded.diagnostics,
    });
  }
  const secrets = hostSecrets(loaded.secrets, environment);
  const source = await openSource(options, loaded.config, secrets);
  if (!source.ok) return source;
  const { fleet } = source.value;
  const directory = stateDirectory(environment, fleet);
  await ensureStateDirectory(directory);
  const claim = await claimState(directory, source.value.directory);
  if (!claim.claimed) return refuse(nameTaken(fleet, claim.owner, directory));
  return { ok: true, value: await connect(options, loaded, source.value, secrets) };
}

async function connect(
  options: ControllerOptions,
  settings: HostSettings,
  source: OpenedSource,
  secrets: Secrets,
): Promise<Assembled> {
  const { git, fleet } = source;
  const { environment } = options;
  const { config, policy } = settings;
  const directory = stateDirectory(environment, fleet);
  const sidecarUser = ownSidecarUser();
  const images = await shippedImages(config.images.base ?? DEFAULT_BASE);
  const { backends, files } = placesOf(options, settings, { directory, fleet, sidecarUser });
  const store = createFleetStore(directory);
  // What simulated sidecars enforce is simulated too.
  const pipelock = options.backend === SIMULATED ? null : config.pipelock;
  const clock = systemClock;
  const readings = new DiskReadings();
  const ports: PassPorts = {
    disk: readings,
    git,
    backends,
    files,
    records: createBottleRecords(directory),
    secrets,
    availabilities: createAvailabilityMemo(),
    clock,
    policy,
    host: {
      stateDirectory: directory,
      sidecarUser,
      agentUser: AGENT_USER,
      sidecarImage: images.sidecars.reference,
      agentImage: images.agent.reference,
      imageBase: images.base,
      rootfs: rootfsOf(config.images.rootfs),
      programs: config.programs,
      upstream: config.upstream,
      ...(pipelock === null ? {} : { pipelock }),
    },
  };
  const hints = createStatusHints();
  const journal = new FleetJournal({ store, git, clock });
  const performing = {
    environment,
    hints,
    workspaces: createWorkspaceReader({ base: source.directory, allowed: config.workspaces }),
  };
  const reconciler = new Reconciler({
    ...ports,
    random: systemRandom,
    journal,
    imageBuilds: buildsOver(images),
    performing,
    onInvalid: config.onInvalid,
  });
  const proposals = createProposalStore(diskQueueFiles, directory);
  const index = new DecisionIndex(git);
  const decisions = new Decisions({
    git,
    policy,
    clock,
    store: proposals,
    index,
    reconciler,
    journal,
    held: createHeldDecisions(directory),
  });
  return {
    fleet,
    stateDirectory: directory,
    ports,
    hints,
    journal,
    proposals,
    reconciler,
    decisions,
    diskWatch: new DiskWatch({
      ...{ backends, clock, journal, readings },
      last: () => reconciler.snapshot().last,
    }),
    unattended: new Unattended({
      decisions,
      policies: new PolicyDecisions({
        decisions,
        store: proposals,
        index,
        journal,
        clock,
        inForce: () => reconciler.inForce(),
      }),
      expiry: new GrantExpiry({ git, policy, clock, journal }),
    }),
  };
}

/** Where bottles can be, and the files of their sidecars: one simulation has both, apart from all that is real. */
function placesOf(
  options: ControllerOptions,
  settings: HostSettings,
  own: {
    readonly directory: string;
    readonly fleet: FleetName;
    readonly sidecarUser: { uid: number; gid: number };
  },
): { readonly backends: readonly Backend[]; readonly files: SidecarFiles } {
  const { directory: stateDirectory, fleet, sidecarUser } = own;
  if (options.backend === SIMULATED) {
    const { backend, files } = openSimulation({ stateDirectory, fleet, clock: systemClock });
    return { backends: [backend], files };
  }
  const { host } = settings.config.docker;
  const endpoint = host === null ? {} : { endpoint: host };
  // In order of preference: an engine where one answers, else this machine alone.
  const backends = [
    createDockerBackend({ ...endpoint, environment: options.environment }),
    createEmbeddedBackend({ directory: join(stateDirectory, 'embedded') }),
  ];
  const chosen = backends.filter(({ name }) => [name, undefined].includes(options.backend));
  return {
    backends: chosen,
    files: createSidecarFiles({ stateDirectory, sidecarUser }),
  };
}

function buildsOver(
  images: ShippedImages,
): ConstructorParameters<typeof Reconciler>[0]['imageBuilds'] {
  return ({ desired, context }) => {
    const builds = new Map(desiredImageBuilds(desired, context.host, images.agent));
    for (const build of [images.sidecars, images.agent]) builds.set(build.reference, build);
    return builds;
  };
}

/** Labels bear the fleet's name alone, so the bottles of the other one would be taken for ours. */
function nameTaken(fleet: FleetName, owner: string, directory: string): Refusal {
  return {
    kind: 'conflict',
    message: `fleet ${fleet} on this host belongs to another repository (${owner})`,
    hint: `give one of them another name in fleet.yaml; if that repository only moved, remove ${directory}/repository.json`,
    diagnostics: [],
  };
}

function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
