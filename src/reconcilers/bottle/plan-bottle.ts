import type { BottlePlan, BottleVerdict } from '../../model/action.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';
import { resolveRuntime } from '../agent/runtime.ts';
import { chooseBackend } from '../backend/choose-backend.ts';
import { highestImpact } from '../impact.ts';
import { type Step, StepList } from '../step-list.ts';
import type { BackendView, World } from '../world.ts';
import { blockerOf } from './blockers.ts';
import { bottleSteps } from './bottle-steps.ts';
import { chooseSubnets } from './bottle-subnets.ts';
import { isNothing } from './current.ts';
import { type Draft, draftBottle } from './draft.ts';
import { fullDisk } from './full-disk.ts';
import { bottleTarget } from './target.ts';
import { permitMoves } from './withhold.ts';

/** What a pass means for one bottle, and its steps before they are numbered. */
export interface PlannedBottle {
  readonly plan: BottlePlan;
  readonly steps: readonly Step[];
}

/** Plans one desired bottle: where → what it comes to → what differs → what may happen now → steps. */
export function planBottle(bottle: DesiredBottle, world: World): PlannedBottle {
  const choice = chooseBackend(bottle, world);
  if (choice.kind !== 'chosen') return untouched(bottle, choice.name, choice.kind, choice.pending);
  const { entry } = choice.backend;
  if (bottle.spec.image.kind === 'rootfs' && !entry.capabilities.rootfs) {
    const pending = `${entry.name} takes no root file system of this host; use image: {ref: …} or {dockerfile: …}, or backend: embedded`;
    return untouched(bottle, entry.name, 'blocked', pending);
  }
  const runtime = resolveRuntime(bottle.spec.runtime, entry.availability);
  if (runtime.kind === 'missing') {
    const pending = `${entry.name} does not have the runtime ${runtime.runtime}; register it there or use runtime: auto`;
    return untouched(bottle, entry.name, 'blocked', pending);
  }
  const hasNetworks = entry.capabilities.internalNetwork;
  const place = { backend: entry.name, runtime: runtime.runtime, hasNetworks };
  const draft = draftBottle(bottleTarget(bottle, place, world), world);
  return planDraft(draft, choice.backend, world);
}

function planDraft(draft: Draft, backend: BackendView, world: World): PlannedBottle {
  const { target, current, strays } = draft;
  const { name, suspend } = target.bottle;
  const { fleet } = world.desired;
  const { revision, host, permissions } = world.context;

  if (fleet.suspend || suspend) {
    const who = fleet.suspend ? 'the fleet is' : 'it is';
    return concluded(draft, 'suspended', `${who} suspended, so nothing is done to it`);
  }
  const full = fullDisk(draft, world.observed);
  if (full !== null) {
    return concluded({ ...draft, drifted: false }, 'blocked', full.pending, full.steps);
  }
  if (!draft.differs && draft.unproven === null) return concluded(draft, 'unchanged', null);
  const blocker = blockerOf(draft, { fleet: fleet.name, backend });
  if (blocker !== null) return concluded(draft, 'blocked', blocker);

  const { moves, pending } = permitMoves(draft, permissions.applyNow.includes(name));
  const subnets = chooseSubnets(current, moves, target.pool, backend.subnets);
  if (subnets === undefined) {
    const words = `the pool ${target.pool} has no free /28 left; give networks.pool a range that no network or route of the host lies in, or remove networks that nothing needs`;
    return concluded(draft, 'blocked', words);
  }
  const steps = new StepList();
  const owner = { fleet: fleet.name, bottle: name, revision };
  const { images } = backend;
  const canBuild = backend.entry.capabilities.capabilityChange;
  const { unproven } = draft;
  bottleSteps(steps, {
    ...{ target, current, moves, owner, host, subnets, images, canBuild, unproven },
    strays: pending === null ? strays : [],
  });
  return concluded(draft, pending === null ? verdictOf(draft) : 'withheld', pending, steps.steps);
}

function verdictOf({ current, strays, changes }: Draft): BottleVerdict {
  if (changes.some((change) => change.impact !== 'none')) return 'update';
  return isNothing(current) && strays.length === 0 ? 'create' : 'repair';
}

function concluded(
  { target, changes, drifted }: Draft,
  verdict: BottleVerdict,
  pending: string | null,
  steps: readonly Step[] = [],
): PlannedBottle {
  const plan = {
    bottle: target.bottle.name,
    backend: target.backend,
    verdict,
    impact: highestImpact(changes.map((change) => change.impact)),
    changes,
    pending,
    drifted,
  };
  return { plan, steps };
}

function untouched(
  bottle: DesiredBottle,
  backend: string | null,
  verdict: 'unknown' | 'blocked',
  pending: string,
): PlannedBottle {
  const plan: BottlePlan = {
    bottle: bottle.name,
    backend,
    verdict,
    impact: 'none',
    changes: [],
    pending,
    drifted: false,
  };
  return { plan, steps: [] };
}
