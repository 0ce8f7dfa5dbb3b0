import {
  type ComponentRef,
  type ContainerSpec,
  type NetworkSpec,
  runtimeName,
} from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import type { SimulatedEngine } from './simulated-engine.ts';
import type { SimulatedContainer } from './simulated-object.ts';

/** Makes a container attached to its networks; one of the same form is left as it is. */
export function createContainer(
  engine: SimulatedEngine,
  spec: ContainerSpec,
  createdAt: string,
): void {
  const name = runtimeName(spec.identity);
  if (isSettled(engine, spec.identity, engine.container(name)?.spec.identity.specHash, spec))
    return;
  if (!engine.hasImage(spec.image)) {
    throw terminal('image-missing', `there is no image ${spec.image}`, 'build or import it first');
  }
  const attached = Object.fromEntries(
    spec.networks.map(({ component, address }) => {
      const network = engine.network(runtimeName({ ...spec.identity, component }));
      if (network === undefined || address === null) {
        throw transient('not-found', `there is no ${component} to attach ${name} to`);
      }
      return [component, { networkId: network.id, address }];
    }),
  );
  engine.put({
    kind: 'container',
    name,
    id: engine.nextId(),
    spec,
    state: 'created',
    exitCode: null,
    createdAt,
    attached,
    busy: false,
  });
}

/** Makes a network; refuses a subnet that overlaps another one's, as engines do. */
export function createNetwork(engine: SimulatedEngine, spec: NetworkSpec): void {
  const name = runtimeName(spec.identity);
  if (isSettled(engine, spec.identity, engine.network(name)?.spec.identity.specHash, spec)) return;
  if (engine.isSubnetTaken(spec.subnet)) {
    throw transient('subnet-overlap', `the subnet ${spec.subnet} overlaps another network's`);
  }
  engine.put({ kind: 'network', name, id: engine.nextId(), spec });
}

/** Makes a container run, whatever state it is in; needs the very networks that it was attached to. */
export function startContainer(engine: SimulatedEngine, ref: ComponentRef): void {
  const container = ownContainer(engine, ref);
  if (container.state === 'running') return;
  for (const [component, attachment] of Object.entries(container.attached)) {
    const network = engine.network(
      runtimeName({ ...ref, component: component as keyof SimulatedContainer['attached'] }),
    );
    if (network?.id !== attachment.networkId) {
      throw transient('failed', `the ${component} of ${container.name} is gone`);
    }
  }
  engine.put({ ...container, state: 'running', exitCode: null });
}

/** Ends a container's programs; what is absent or stopped is fine. */
export function stopContainer(engine: SimulatedEngine, ref: ComponentRef, exitCode: number): void {
  const name = runtimeName(ref);
  if (engine.foreign('foreign-container', name) !== undefined) throw nameTaken(name);
  const container = engine.container(name);
  if (container === undefined || !['running', 'paused'].includes(container.state)) return;
  engine.put({ ...container, state: 'exited', exitCode, busy: false });
}

/** Takes a container or network away; a network that something is attached to stays, as with an engine. */
export function removeComponent(engine: SimulatedEngine, ref: ComponentRef): void {
  const name = runtimeName(ref);
  if (ref.component === 'agent' || ref.component === 'sidecars') {
    const container = engine.container(name);
    if (container !== undefined) engine.drop(container);
    else if (engine.foreign('foreign-container', name) !== undefined) throw nameTaken(name);
    return;
  }
  const network = engine.network(name);
  if (network === undefined) {
    if (engine.foreign('foreign-network', name) !== undefined) throw nameTaken(name);
    return;
  }
  const guest = (['agent', 'sidecars'] as const)
    .map((component) => engine.container(runtimeName({ ...ref, component })))
    .find((container) =>
      Object.values(container?.attached ?? {}).some(({ networkId }) => networkId === network.id),
    );
  if (guest !== undefined) throw transient('failed', `${guest.name} is still attached to ${name}`);
  engine.drop(network);
}

/** A container that must be there. */
export function ownContainer(engine: SimulatedEngine, ref: ComponentRef): SimulatedContainer {
  const name = runtimeName(ref);
  const container = engine.container(name);
  if (engine.foreign('foreign-container', name) !== undefined) throw nameTaken(name);
  if (container === undefined) throw transient('not-found', `there is no container ${name}`);
  return container;
}

export function transient(code: BackendError['code'], message: string): BackendError {
  return new BackendError({ code, kind: 'transient', message });
}

/** True when the thing is there in this form; throws when its name is another's, or it has another form. */
function isSettled(
  engine: SimulatedEngine,
  ref: ComponentRef,
  hash: string | undefined,
  wanted: ContainerSpec | NetworkSpec,
): boolean {
  const name = runtimeName(ref);
  const isContainer = 'image' in wanted;
  const kind = isContainer ? 'foreign-container' : 'foreign-network';
  if (engine.foreign(kind, name) !== undefined) throw nameTaken(name);
  if (hash === undefined) return false;
  if (hash === wanted.identity.specHash) return true;
  throw transient('name-taken', `${name} exists in another form and has to be removed first`);
}

function terminal(code: BackendError['code'], message: string, hint: string): BackendError {
  return new BackendError({ code, kind: 'terminal', message, hint });
}

function nameTaken(name: string): BackendError {
  return terminal('name-taken', `${name} exists and is not ours`, 'rename or remove it');
}
