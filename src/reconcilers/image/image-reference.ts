import { assertNever } from '../../model/assert-never.ts';
import type { ImageSource } from '../../model/bottle-spec.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import type { HostFacts } from '../plan-context.ts';

type ImageFacts = Pick<HostFacts, 'agentImage' | 'rootfs'>;

/** Reference that the engine will know the image by. What is built here is named by all that goes into it. */
export function imageReference(source: ImageSource, host: ImageFacts): string {
  switch (source.kind) {
    case 'builtin':
      return host.agentImage;
    case 'dockerfile': {
      // What bb adds, and the base, are in the name of its own image.
      const { digest, context } = source;
      const content = fingerprint({ agent: host.agentImage, dockerfile: digest, context });
      return `bb/agent:${content.slice(0, 20)}`;
    }
    case 'ref':
      return source.ref;
    case 'rootfs': {
      const { path, identity } = host.rootfs[source.name] ?? { path: null, identity: null };
      const place = fingerprint({ agent: host.agentImage, path, identity });
      return `bb/rootfs:${place.slice(0, 20)}`;
    }
    default:
      return assertNever(source);
  }
}
