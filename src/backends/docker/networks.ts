import type { ComponentRef, NetworkSpec } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './engine-error.ts';
import { readLabels } from './labels.ts';
import { networkBody, networkFault } from './network-body.ts';
import { absentAsNull, findNetwork, otherForm } from './ownership.ts';
import { createPodmanNetwork, isPodman } from './podman.ts';
import { filterReversePath } from './reverse-path.ts';

/** Makes the network and reads it back; one that the engine made otherwise is removed again. */
export async function createNetwork(engine: Engine, spec: NetworkSpec): Promise<void> {
  const before = await findNetwork(engine, spec.identity);
  if (before === null) await make(engine, spec);
  const made = await findNetwork(engine, spec.identity);
  if (made === null) throw otherForm(spec.identity);
  if (before !== null && readLabels(made.Labels, made.Name)?.specHash !== spec.identity.specHash) {
    throw otherForm(spec.identity);
  }
  const fault = networkFault(spec, made, engine);
  if (fault === null) {
    if (spec.identity.component === 'internal-network') {
      await filterReversePath(engine.endpoint, made.Id);
    }
    return;
  }
  await engine.calls.getNetwork(made.Id).remove();
  throw new BackendError({
    code: 'not-supported',
    kind: 'terminal',
    message: `the network ${made.Name} was removed again: ${fault}`,
    hint: 'bb needs an engine whose internal networks can be cut off from the host: Docker Engine 20.10 or newer, or Podman 4 or newer.',
  });
}

export async function removeNetwork(engine: Engine, ref: ComponentRef): Promise<void> {
  const found = await findNetwork(engine, ref);
  if (found !== null) await absentAsNull(engine.calls.getNetwork(found.Id).remove());
}

/** Somebody else may have made it since we looked: then it is judged like one that was there before. */
async function make(engine: Engine, spec: NetworkSpec): Promise<void> {
  try {
    await (isPodman(engine)
      ? createPodmanNetwork(engine, spec)
      : engine.calls.createNetwork(networkBody(spec, engine.servedApi)));
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
}
