import { readdir, stat } from 'node:fs/promises';
import { type ContainerComponent, runtimeName } from '../../model/component.ts';
import type { FleetName } from '../../model/names.ts';
import type {
  BackendObservation,
  ForeignObject,
  ObservedContainer,
} from '../../model/observed-state.ts';
import { boundLog } from './containers.ts';
import { listImages } from './images.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';
import { runningRun } from './owned.ts';
import { type ContainerRecord, readRecord, readRun } from './records.ts';
import { sandboxExitCode } from './sandbox-status.ts';

/** Everything of `fleet`: one folder is listed, and for each container a record, a run and two processes are read. */
export async function observeFleet(
  layout: EmbeddedLayout,
  fleet: FleetName,
): Promise<BackendObservation> {
  const names = (await readdir(layout.records).catch(absentIsEmpty)).filter((name) =>
    name.endsWith('.json'),
  );
  const bottles = new Map<string, ObservedContainer[]>();
  const foreign: ForeignObject[] = [];
  for (const file of names.sort()) {
    const name = file.slice(0, -'.json'.length);
    if (!name.startsWith(`bb-${fleet}-`)) continue;
    const record = readRecord(layout.record(name));
    if (record === null || runtimeName(record.spec.identity) !== name) {
      foreign.push({ kind: 'container', name });
      continue;
    }
    const { identity } = record.spec;
    if (identity.fleet !== fleet) continue;
    const seen = observedContainer(layout, record);
    bottles.set(identity.bottle, [...(bottles.get(identity.bottle) ?? []), seen]);
    const { log } = rootParts(layout.root(name));
    await stat(log).then(
      ({ size }) => boundLog(log, size),
      () => undefined,
    );
  }
  return {
    available: true,
    bottles: [...bottles].map(([name, containers]) => ({
      name: name as ContainerRecord['spec']['identity']['bottle'],
      backend: 'embedded',
      containers,
      networks: [],
      busy: false,
    })),
    foreign,
    subnetsInUse: [],
    images: await listImages(layout),
  };
}

function observedContainer(
  layout: EmbeddedLayout,
  { spec, createdAt }: ContainerRecord,
): ObservedContainer {
  const { identity } = spec;
  const name = runtimeName(identity);
  const component: ContainerComponent = identity.component;
  const wasStarted = readRun(layout.run(name)) !== null;
  const isRunning = wasStarted && runningRun(layout, identity) !== null;
  return {
    kind: 'container',
    component,
    id: `${name}@${createdAt}`,
    name,
    state: isRunning ? 'running' : wasStarted ? 'exited' : 'created',
    exitCode: isRunning ? null : sandboxExitCode(layout.status(name)),
    createdAt,
    specHash: identity.specHash,
    applied: identity.applied,
    revision: identity.revision,
    addresses: {},
    runtime: null,
  };
}

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
