import { readdirSync } from 'node:fs';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import type { BottleName, FleetName } from '../../model/names.ts';
import type {
  BackendObservation,
  ForeignObject,
  ObservedContainer,
} from '../../model/observed-state.ts';
import { listImages } from './images.ts';
import { boundSomeLogs } from './log-bounds.ts';
import type { Machine } from './machine.ts';
import { isSameProcess, namespaceName } from './network-namespace.ts';
import type { ProcessIdentity } from './process-table.ts';
import type { ContainerRecord } from './records.ts';

/**
 * Everything of `fleet`: one folder is listed, and for each container its record, its run and bubblewrap's note are
 * looked at, and read where they changed; that its processes live is asked of the kernel each time.
 */
export async function observeFleet(
  machine: Machine,
  fleet: FleetName,
): Promise<BackendObservation> {
  const { layout } = machine;
  const names = namesOf(layout.records).filter((name) => name.startsWith(`bb-${fleet}-`));
  const bottles = new Map<BottleName, ObservedContainer[]>();
  const foreign: ForeignObject[] = [];
  const { runs } = machine;
  const runOf = machine.runsFolder.unchanged() ? runs.readKnown : runs.read;
  const networkOf = eachOnce((ref: ComponentRef) => livingNetwork(machine, runOf, ref));
  for (const name of names) {
    const record = machine.records.read(layout.record(name));
    if (record === null || runtimeName(record.spec.identity) !== name) {
      foreign.push({ kind: 'container', name });
      continue;
    }
    const { identity } = record.spec;
    if (identity.fleet !== fleet) continue;
    const seen = observedContainer(machine, record, { runOf, networkOf });
    const others = bottles.get(identity.bottle);
    if (others === undefined) bottles.set(identity.bottle, [seen]);
    else others.push(seen);
  }
  boundSomeLogs(layout, names);
  machine.processes.forgetSome();
  return {
    available: true,
    bottles: [...bottles].map(([name, containers]) => ({
      ...{ name, backend: 'embedded', containers, networks: [], busy: false },
    })),
    foreign,
    subnetsInUse: [],
    images: await listImages(layout),
  };
}

function namesOf(records: string): readonly string[] {
  try {
    const files = readdirSync(records).filter((file) => file.endsWith('.json'));
    return files.map((file) => file.slice(0, -'.json'.length)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

type NetworkOf = (ref: ComponentRef) => ProcessIdentity | null;
type RunOf = Machine['runs']['read'];

function observedContainer(
  machine: Machine,
  { spec, createdAt }: ContainerRecord,
  { runOf, networkOf }: { readonly runOf: RunOf; readonly networkOf: NetworkOf },
): ObservedContainer {
  const { identity } = spec;
  const name = runtimeName(identity);
  const run = runOf(machine.layout.run(name));
  const network = run === null ? null : networkOf(identity);
  const stands =
    run !== null &&
    network !== null &&
    isSameProcess(network, run.network) &&
    machine.processes.isAlive(run.init);
  const exitCode = machine.exitCodes.read(machine.layout.status(name));
  const isRunning = stands && exitCode === null;
  return {
    kind: 'container',
    component: identity.component,
    id: `${name}@${createdAt}`,
    name,
    state: isRunning ? 'running' : run === null ? 'created' : 'exited',
    exitCode,
    createdAt,
    specHash: identity.specHash,
    applied: identity.applied,
    revision: identity.revision,
    addresses: {},
    runtime: null,
  };
}

function livingNetwork(
  { layout, processes }: Machine,
  runOf: RunOf,
  ref: ComponentRef,
): ProcessIdentity | null {
  const run = runOf(layout.run(namespaceName(ref)));
  return run !== null && processes.isAlive(run.init) ? run.init : null;
}

/** Agent and sidecars share their bottle's network. */
function eachOnce(ask: NetworkOf): NetworkOf {
  const answers = new Map<BottleName, ProcessIdentity | null>();
  return (ref) => {
    const known = answers.get(ref.bottle);
    if (known !== undefined) return known;
    const answer = ask(ref);
    answers.set(ref.bottle, answer);
    return answer;
  };
}
