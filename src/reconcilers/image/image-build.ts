import type { ImageBuild } from '../../model/component.ts';
import type { DesiredState } from '../../model/desired-state.ts';
import type { Fingerprint } from '../../model/names.ts';
import type { HostFacts } from '../plan-context.ts';
import { imageReference } from './image-reference.ts';

/**
 * Builds of all Dockerfiles and root file systems of the desired state, by reference; those that ship with bb are the caller's. Each is made
 * an agent's root as bb's own is, by what the Dockerfile of `agent` does over its base: an agent has its user and its home
 * whatever the Dockerfile says of them.
 */
export function desiredImageBuilds(
  desired: Pick<DesiredState, 'bottles' | 'contents'>,
  host: Pick<HostFacts, 'agentImage' | 'imageBase' | 'rootfs'>,
  agent: Pick<ImageBuild, 'dockerfile' | 'onHost'>,
): ReadonlyMap<string, ImageBuild> {
  const last = overAnyBase(agent.dockerfile);
  const builds = new Map<string, ImageBuild>();
  const contentOf = (digest: Fingerprint) => desired.contents.get(digest) ?? new Uint8Array();
  for (const { spec } of Object.values(desired.bottles)) {
    if (spec.image.kind === 'rootfs') {
      const found = host.rootfs[spec.image.name];
      if (found === undefined) continue;
      const rootfs = found.path;
      const reference = imageReference(spec.image, host);
      builds.set(reference, { ...agent, reference, buildArgs: {}, context: new Map(), rootfs });
    }
    if (spec.image.kind !== 'dockerfile') continue;
    const { context } = spec.image;
    const content = desired.contents.get(spec.image.digest);
    if (content === undefined) continue;
    const reference = imageReference(spec.image, host);
    const text = new TextDecoder().decode(content);
    builds.set(reference, {
      reference,
      dockerfile: `${ended(text)}\n\n${last}`,
      buildArgs: { BASE: host.imageBase },
      context: new Map(context.map(({ path, digest }) => [path, contentOf(digest)])),
      executable: new Set(context.filter(({ executable }) => executable).map(({ path }) => path)),
      ...(agent.onHost === undefined ? {} : { onHost: agent.onHost }),
      written: { file: spec.image.path, text },
    });
  }
  return builds;
}

/** Without what would make the next instruction a part of its last one: ends of lines that go on, and remarks between. */
function ended(dockerfile: string): string {
  const lines = dockerfile.split('\n');
  for (let last = lines.pop(); last !== undefined; last = lines.pop()) {
    let text = last.trimEnd();
    while (text.endsWith('\\')) text = text.slice(0, -1).trimEnd();
    if (!/^\s*(#|$)/.test(text)) return [...lines, text].join('\n');
  }
  return '';
}

/** The instructions of a Dockerfile without what names its base. */
function overAnyBase(dockerfile: string): string {
  const lines = dockerfile.split('\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('FROM ')) + 1).join('\n');
}
