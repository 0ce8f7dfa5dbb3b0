import type { ImageBuild } from '../../model/component.ts';
import type { DesiredState } from '../../model/desired-state.ts';
import type { HostFacts } from '../plan-context.ts';
import { imageReference } from './image-reference.ts';

/** How to build one image over the host's base. `context` are the files beside its Dockerfile. */
function imageBuild(
  image: {
    readonly reference: string;
    readonly dockerfile: string;
    readonly context?: ReadonlyMap<string, Uint8Array>;
  },
  host: Pick<HostFacts, 'imageBase'>,
): ImageBuild {
  return {
    reference: image.reference,
    dockerfile: image.dockerfile,
    buildArgs: { BASE: host.imageBase },
    context: image.context ?? new Map(),
  };
}

/** Builds of all Dockerfiles of the desired state, by reference; those that ship with bb are the caller's. */
export function desiredImageBuilds(
  desired: DesiredState,
  host: Pick<HostFacts, 'agentImage' | 'imageBase'>,
): ReadonlyMap<string, ImageBuild> {
  const builds = new Map<string, ImageBuild>();
  for (const { spec } of Object.values(desired.bottles)) {
    if (spec.image.kind !== 'dockerfile') continue;
    const text = desired.contents.get(spec.image.digest);
    if (text === undefined) continue;
    const reference = imageReference(spec.image, host);
    const dockerfile = new TextDecoder().decode(text);
    builds.set(reference, imageBuild({ reference, dockerfile }, host));
  }
  return builds;
}
