import {
  type Component,
  type ComponentIdentity,
  type ComponentRef,
  runtimeName,
} from '../../model/component.ts';
import {
  type BottleName,
  type FleetName,
  parseBottleName,
  parseFleetName,
  parseRevision,
  type Revision,
} from '../../model/names.ts';

export const FLEET_LABEL = 'bb.fleet';
/** On every image that bb built or imported. */
export const IMAGE_LABEL = 'bb.image';
const BOTTLE_LABEL = 'bb.bottle';
const COMPONENT_LABEL = 'bb.component';
const SPEC_LABEL = 'bb.spec';
const REVISION_LABEL = 'bb.revision';
const APPLIED_LABEL = 'bb.applied';
const RUNTIME_LABEL = 'bb.runtime';

export interface Labels {
  readonly [label: string]: string;
}

/** Who a labelled thing is, read back from an engine: nothing in it is trusted to be well formed. */
export interface Owned {
  readonly fleet: FleetName;
  readonly bottle: BottleName;
  readonly component: Component;
  readonly specHash: string;
  readonly revision: Revision | null;
  readonly applied: string | null;
  readonly runtime: string | null;
}

export function labelsOf(identity: ComponentIdentity, runtime: string | null): Labels {
  return {
    [FLEET_LABEL]: identity.fleet,
    [BOTTLE_LABEL]: identity.bottle,
    [COMPONENT_LABEL]: identity.component,
    [SPEC_LABEL]: identity.specHash,
    [REVISION_LABEL]: identity.revision,
    [APPLIED_LABEL]: identity.applied,
    ...(runtime === null ? {} : { [RUNTIME_LABEL]: runtime }),
  };
}

/**
 * Reads the labels of a thing that is called `name`; null when it is not ours. Labels alone prove nothing, since anybody
 * can set them: the name must be the one that we would have given.
 */
export function readLabels(labels: Labels | null | undefined, name: string): Owned | null {
  const fleet = parseFleetName(labels?.[FLEET_LABEL] ?? '');
  const bottle = parseBottleName(labels?.[BOTTLE_LABEL] ?? '');
  const component = COMPONENTS.find((known) => known === labels?.[COMPONENT_LABEL]);
  if (fleet === undefined || bottle === undefined || component === undefined) return null;
  if (runtimeName({ fleet, bottle, component }) !== name) return null;
  return {
    fleet,
    bottle,
    component,
    specHash: labels?.[SPEC_LABEL] ?? '',
    revision: parseRevision(labels?.[REVISION_LABEL] ?? '') ?? null,
    applied: jsonOrNull(labels?.[APPLIED_LABEL]),
    runtime: labels?.[RUNTIME_LABEL] ?? null,
  };
}

/** True when a thing of this name and these labels is what `ref` speaks of. */
export function isOwned(ref: ComponentRef, labels: Labels | null | undefined): boolean {
  const owned = readLabels(labels, runtimeName(ref));
  return (
    owned?.fleet === ref.fleet && owned.bottle === ref.bottle && owned.component === ref.component
  );
}

const COMPONENTS = ['agent', 'sidecars', 'internal-network', 'external-network'] as const;

function jsonOrNull(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}
