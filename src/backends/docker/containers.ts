import type { ContainerCreateOptions } from 'dockerode';
import { type ComponentRef, type ContainerSpec, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { containerBody, endpointsOf } from './container-body.ts';
import { type Engine, isNewer } from './engine.ts';
import { classify, statusOf } from './engine-error.ts';
import { readLabels } from './labels.ts';
import { absentAsNull, findContainer, otherForm, ownContainer } from './ownership.ts';
import { isNameConflict, isPodman, podmanBody } from './podman.ts';
import { filterReversePath } from './reverse-path.ts';

/**
 * Makes the container, attached to all its networks: at once where the API takes several (1.44), else one after the
 * other. A crash in between is healed by the next call, which attaches what is missing.
 */
export async function createContainer(
  engine: Engine,
  spec: ContainerSpec,
  env: { readonly [name: string]: string },
): Promise<void> {
  const endpoints = endpointsOf(spec);
  const atOnce = isNewer('1.44', engine.apiVersion) ? endpoints.slice(0, 1) : endpoints;
  const common = containerBody(spec, env, Object.fromEntries(atOnce));
  const body = isPodman(engine) ? podmanBody(common, spec) : common;
  try {
    await engine.calls.createContainer(inBodyOnly(runtimeName(spec.identity), body));
  } catch (error) {
    if (!isNameConflict(error)) throw error;
    const found = await findContainer(engine, spec.identity);
    // The engine says more than that something has the name, or what had it is gone: the next pass tries again.
    if (found === null) throw notMade(spec.identity, error);
    const made = readLabels(found.Config.Labels, runtimeName(spec.identity));
    if (made?.specHash !== spec.identity.specHash) throw otherForm(spec.identity);
  }
  if (atOnce.length < endpoints.length) await attachMissing(engine, spec);
}

function notMade(ref: ComponentRef, error: unknown): BackendError {
  const { message } = classify(error, `${runtimeName(ref)} cannot be made now`);
  return new BackendError({ code: 'failed', kind: 'transient', message, cause: error });
}

/** Starting what runs answers 304. What is paused is not started but goes on where it was. */
export async function startContainer(engine: Engine, ref: ComponentRef): Promise<void> {
  const { Id, State, NetworkSettings } = await ownContainer(engine, ref);
  const container = engine.calls.getContainer(Id);
  if (ref.component === 'agent') {
    // The engine makes its bridges anew when the host was.
    const networks = Object.values(NetworkSettings.Networks);
    for (const { NetworkID } of networks) await filterReversePath(engine.endpoint, NetworkID);
  }
  await (State.Paused ? container.unpause() : unchangedAsDone(container.start()));
}

/** What is not there is stopped. */
export async function stopContainer(
  engine: Engine,
  ref: ComponentRef,
  graceMs: number,
): Promise<void> {
  const found = await findContainer(engine, ref);
  if (found === null) return;
  const container = engine.streams.getContainer(found.Id);
  await absentAsNull(unchangedAsDone(container.stop({ t: Math.ceil(graceMs / 1000) })));
}

export async function removeContainer(engine: Engine, ref: ComponentRef): Promise<void> {
  const found = await findContainer(engine, ref);
  if (found === null) return;
  const container = engine.calls.getContainer(found.Id);
  try {
    await absentAsNull(container.remove({ force: true, v: true }));
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    await absentAsNull(container.wait({ condition: 'removed' }));
  }
}

/**
 * dockerode puts the options of this call into the query string as well, the whole environment with them, unless the
 * two are given apart.
 */
function inBodyOnly(name: string, body: ContainerCreateOptions): ContainerCreateOptions {
  const apart: { readonly _query: { name: string }; readonly _body: ContainerCreateOptions } = {
    _query: { name },
    _body: body,
  };
  return apart as ContainerCreateOptions;
}

async function attachMissing(engine: Engine, spec: ContainerSpec): Promise<void> {
  const { Id, NetworkSettings } = await ownContainer(engine, spec.identity);
  for (const [network, endpoint] of endpointsOf(spec)) {
    if (NetworkSettings.Networks[network] !== undefined) continue;
    await engine.calls
      .getNetwork(network)
      .connect({ Container: Id, EndpointConfig: { ...endpoint } });
  }
}

async function unchangedAsDone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (statusOf(error) !== 304) throw error;
  }
}
