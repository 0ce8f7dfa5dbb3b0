import type { ContainerInspectInfo, NetworkInspectInfo } from 'dockerode';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './engine-error.ts';
import { isOwned } from './labels.ts';

/** The container of `ref`; null when there is none. Throws `name-taken` when it is not ours. */
export async function findContainer(
  engine: Engine,
  ref: ComponentRef,
): Promise<ContainerInspectInfo | null> {
  const found = await absentAsNull(engine.calls.getContainer(runtimeName(ref)).inspect());
  if (found === null || isOwned(ref, found.Config.Labels)) return found;
  throw nameTaken(ref, 'container');
}

/** Like `findContainer`, but absence is an error. */
export async function ownContainer(
  engine: Engine,
  ref: ComponentRef,
): Promise<ContainerInspectInfo> {
  const found = await findContainer(engine, ref);
  if (found !== null) return found;
  throw new BackendError({
    code: 'not-found',
    kind: 'transient',
    message: `there is no container ${runtimeName(ref)}`,
  });
}

/** The network of `ref`; null when there is none. Throws `name-taken` when it is not ours. */
export async function findNetwork(
  engine: Engine,
  ref: ComponentRef,
): Promise<NetworkInspectInfo | null> {
  const found = await absentAsNull<NetworkInspectInfo>(
    engine.calls.getNetwork(runtimeName(ref)).inspect(),
  );
  if (found === null || isOwned(ref, found.Labels)) return found;
  throw nameTaken(ref, 'network');
}

function nameTaken(ref: ComponentRef, kind: 'container' | 'network'): BackendError {
  const name = runtimeName(ref);
  return new BackendError({
    code: 'name-taken',
    kind: 'terminal',
    message: `the ${kind} ${name} exists and was not made by bb for this bottle`,
    hint: `Rename or remove it (\`docker ${kind === 'network' ? 'network ' : ''}inspect ${name}\`), or rename the bottle.`,
  });
}

/** For a thing of ours that exists in another form than is asked for. */
export function otherForm(ref: ComponentRef): BackendError {
  return new BackendError({
    code: 'name-taken',
    kind: 'transient',
    message: `${runtimeName(ref)} exists in another form and has to be removed first`,
  });
}

export async function absentAsNull<Value>(call: Promise<Value>): Promise<Value | null> {
  try {
    return await call;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
