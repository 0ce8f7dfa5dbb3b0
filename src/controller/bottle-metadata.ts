import type { DesiredBottle } from '../model/desired-state.ts';
import { imageReference } from '../reconcilers/image/image-reference.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';
import type { BottleMetadata } from './ports/bottle-records.ts';

/** What is written down of a bottle that a commit asks for. Times are carried on from what was written `before`. */
export function bottleMetadata(
  { name, agent, bottles, spec }: DesiredBottle,
  before: BottleMetadata | null,
  now: {
    readonly backend: string | null;
    readonly host: HostFacts;
    readonly at: string;
    /** True when its agent is about to be started. */
    readonly starts: boolean;
  },
): BottleMetadata {
  return {
    slug: name,
    agent,
    provider: spec.provider.kind,
    backend: now.backend,
    bottles,
    workspace: spec.workspace?.copy ?? null,
    label: spec.label,
    color: spec.color,
    image: imageReference(spec.image, now.host),
    createdAt: before?.createdAt ?? now.at,
    started: now.starts ? now.at : (before?.started ?? null),
  };
}
