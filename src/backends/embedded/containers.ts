import { appendFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type ComponentRef, type ContainerSpec, runtimeName } from '../../model/component.ts';
import { EGRESS_PORT, SUPERVISE_PORT } from '../../model/sidecar.ts';
import { BackendError } from '../backend.ts';
import { begin } from './begin.ts';
import { removeGroups } from './control-groups.ts';
import { booksOf, endUnrecorded, ensureRecords } from './forgotten.ts';
import { claimUser, isRoot, releaseUser } from './host-user.ts';
import { launch } from './launch.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';
import { limitedBy, makePlace, resourceLimits } from './limits.ts';
import type { Listening } from './listeners.ts';
import type { Machine } from './machine.ts';
import { endNamespace, ensureNamespace } from './network-namespace.ts';
import { ensureEtc, ensureFolders } from './own-folders.ts';
import { prlimitOf } from './own-programs.ts';
import { findRecord, ownRecord, runningRun } from './owned.ts';
import { placeName } from './place-name.ts';
import { childrenOf, identify, isAlive, signalProcess } from './process-table.ts';
import {
  type ContainerRecord,
  createJson,
  type HostUser,
  type RunRecord,
  readRecord,
  readRun,
} from './records.ts';
import { removeTree } from './remove-tree.ts';
import { hostnameOf, sandboxArguments } from './sandbox-arguments.ts';
import { imageOf, sandboxParts } from './sandbox-parts.ts';
import { fillHome } from './saved-home.ts';
import { FIRST_LISTENER } from './start.ts';
import { afterTurns, containerTurn, inTurn } from './turns.ts';
import { waitUntil } from './wait-until.ts';

const GROUPS_MS = 1_000;
const PORTS = [EGRESS_PORT, SUPERVISE_PORT];
const ENDED_FOR_PORTS = `the agent was ended: a program of it had taken a port of its sidecars (${PORTS.join(', ')})`;

/** Writes down what is wanted and makes its folders: nothing runs yet. */
export async function createContainer(
  { layout }: Machine,
  spec: ContainerSpec,
  env: { readonly [name: string]: string },
): Promise<void> {
  const name = runtimeName(spec.identity);
  ensureRecords(layout);
  imageOf(layout, spec);
  const hostUser = hostUserOf(layout, spec);
  const wanted: ContainerRecord = { spec, env, hostUser, createdAt: new Date().toISOString() };
  const isNew = await createJson(layout.record(name), wanted);
  const record = isNew ? wanted : await ownRecord(layout, spec.identity);
  if (record.spec.identity.specHash !== spec.identity.specHash) {
    throw new BackendError({
      code: 'name-taken',
      kind: 'transient',
      message: `${name} exists in another form and has to be removed first`,
    });
  }
  ensureFolders(layout, record);
}

export async function startContainer(machine: Machine, ref: ComponentRef): Promise<void> {
  const { layout } = machine;
  const record = await ownRecord(layout, ref);
  if (runningRun(layout, ref) !== null) return;
  // Its first program may be gone while others of it go on, or its network.
  await endRun(layout, ref);
  await fillHome(machine, ref);
  ensureFolders(layout, record);
  ensureEtc(layout, record);
  const seccompPath = machine.seccompPath();
  const user = agentUser(layout, ref);
  const network = await ensureNamespace(layout, ref, { user, seccompPath });
  const start = (listening: Listening | null) => run(machine, ref, { record, network, listening });
  if (ref.component === 'agent') {
    // Its sidecars take longest of all: they have the machine for themselves until their programs begin.
    await afterTurns(containerTurn(layout.directory, { ...ref, component: 'sidecars' }));
    return start(null);
  }
  await pastAgent(layout, ref, () => start({ network, ports: PORTS, user }));
}

/**
 * While sidecars are away a program of the agent can take their ports. It is ended then with the whole agent, which is
 * started again once they are back.
 */
async function pastAgent(
  layout: EmbeddedLayout,
  ref: ComponentRef,
  start: () => Promise<void>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof BackendError) || error.code !== 'name-taken') throw error;
    const agent = { ...ref, component: 'agent' } as const;
    appendFileSync(rootParts(layout.root(runtimeName(agent))).log, `bb: ${ENDED_FOR_PORTS}\n`);
    await endRun(layout, agent);
    await start();
  }
}

interface Beginning {
  readonly record: ContainerRecord;
  readonly network: RunRecord;
  readonly listening: Listening | null;
}

async function run(
  machine: Machine,
  ref: ComponentRef,
  { record, network, listening }: Beginning,
): Promise<void> {
  const { layout } = machine;
  const name = runtimeName(ref);
  const root = layout.root(name);
  const { spec, hostUser } = record;
  const parts = sandboxParts(layout, root, record);
  const isAgent = ref.component === 'agent';
  const env = isAgent ? parts.env : { ...parts.env, ...listenVariables() };
  const launched = await launch({
    books: booksOf(layout),
    user: hostUser,
    binds: parts.binds,
    ...{ root, listening },
    place: makePlace(placeName(layout, name), spec.resources),
    within: isAgent ? network.init.pid : null,
    overlays: parts.overlays,
    arguments: (binds) =>
      sandboxArguments({ ...parts, spec, env, hostname: hostnameOf(spec), binds }),
    limits: limitedBy(prlimitOf(parts.root !== null), resourceLimits(spec.resources)),
    command: parts.command,
    seccompPath: machine.seccompPath(),
    statusPath: layout.status(name),
  });
  await begin(launched, layout, name, network.init);
}

/** TERM to the first program, KILL to all that is left after `graceMs`. */
export async function stopContainer(
  { layout }: Machine,
  ref: ComponentRef,
  graceMs: number,
): Promise<void> {
  if ((await findRecord(layout, ref)) === null) return;
  const run = readRun(layout.run(runtimeName(ref)));
  if (run !== null && graceMs > 0 && signalFirst(run, 'SIGTERM')) {
    await waitUntil(() => !isAlive(run.monitor), graceMs);
  }
  await endRun(layout, ref);
}

/** One of a bottle after the other, so that one of them is the last and takes what they shared along. */
export function removeContainer({ layout }: Machine, ref: ComponentRef): Promise<void> {
  return inTurn(`${layout.directory}/remove ${ref.fleet} ${ref.bottle}`, () => remove(layout, ref));
}

/** Its record goes last: whoever dies before is told by it what is left to do. */
async function remove(layout: EmbeddedLayout, ref: ComponentRef): Promise<void> {
  if ((await findRecord(layout, ref)) === null) return;
  const name = runtimeName(ref);
  await endRun(layout, ref);
  // Ways in from outside end with what they led to, a moment later. What is left then is empty, and in nobody's way.
  // Versions before named them after the container alone: one that somebody is in stays, and may be another's.
  await waitUntil(() => removeGroups(placeName(layout, name), name), GROUPS_MS);
  const other = ref.component === 'agent' ? 'sidecars' : 'agent';
  const otherName = runtimeName({ ...ref, component: other });
  if (readRecord(layout.record(otherName)) === null) await removeShared(layout, ref);
  await removeTree(layout.root(name));
  for (const path of [layout.run(name), layout.status(name), layout.record(name)]) {
    await rm(path, { force: true });
  }
}

async function removeShared(layout: EmbeddedLayout, ref: ComponentRef): Promise<void> {
  await endNamespace(layout, ref);
  const user = agentUser(layout, ref);
  if (user !== null) releaseUser(layout, user, runtimeName({ ...ref, component: 'agent' }));
}

export async function signalContainer(
  { layout }: Machine,
  ref: ComponentRef,
  signal: string,
): Promise<void> {
  await ownRecord(layout, ref);
  const run = runningRun(layout, ref);
  const known = /^SIG[A-Z0-9]+$/.test(signal) ? (signal as NodeJS.Signals) : null;
  if (known !== null && run !== null && signalFirst(run, known)) return;
  throw new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `${runtimeName(ref)} could not be sent ${signal}: it does not run`,
  });
}

/** bubblewrap is the first process and passes nothing on: its first child is the program. */
function signalFirst(run: RunRecord, signal: NodeJS.Signals): boolean {
  const [first] = isAlive(run.init) ? childrenOf(run.init.pid) : [];
  const identity = first === undefined ? null : identify(first);
  return identity !== null && signalProcess(identity, signal);
}

/** The kernel kills all of a pid namespace with its first process. */
async function endRun(layout: EmbeddedLayout, ref: ComponentRef): Promise<void> {
  const run = readRun(layout.run(runtimeName(ref)));
  if (run === null) return endUnrecorded(layout, runtimeName(ref));
  signalProcess(run.init, 'SIGKILL');
  const isGone = () => !isAlive(run.init) && !isAlive(run.monitor);
  if (await waitUntil(isGone, 2_000)) return;
  signalProcess(run.monitor, 'SIGKILL');
  if (await waitUntil(isGone, 3_000)) return;
  throw new BackendError({
    code: 'timeout',
    kind: 'transient',
    message: `${runtimeName(ref)} did not end although it was killed`,
  });
}

function listenVariables() {
  return {
    BB_EGRESS_LISTEN: `fd:${FIRST_LISTENER}`,
    BB_SUPERVISE_LISTEN: `fd:${FIRST_LISTENER + 1}`,
  };
}

/** Sidecars are one user on the host; each agent is one of its own. Without root all are us. */
function hostUserOf(layout: EmbeddedLayout, { identity, user }: ContainerSpec): HostUser | null {
  if (!isRoot()) return null;
  return identity.component === 'sidecars' ? user : agentUser(layout, identity);
}

/** Also what the bottle's network belongs to, whichever of the two is started first. */
function agentUser(layout: EmbeddedLayout, ref: ComponentRef): HostUser | null {
  return isRoot() ? claimUser(layout, runtimeName({ ...ref, component: 'agent' })) : null;
}
