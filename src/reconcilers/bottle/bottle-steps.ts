import type { Component, ComponentIdentity, ContainerComponent } from '../../model/component.ts';
import type { ObservedBottle } from '../../model/observed-state.ts';
import { providerOf } from '../../model/providers/provider-of.ts';
import { SUPERVISE_URL } from '../../model/sidecar.ts';
import { agentContainer } from '../agent/agent-container.ts';
import { bottleAddresses, networkSpec } from '../network/network-spec.ts';
import type { HostFacts } from '../plan-context.ts';
import { sidecarsContainer } from '../sidecars/sidecars-container.ts';
import type { Step, StepList } from '../step-list.ts';
import { type Current, isAlive } from './current.ts';
import type { Move, Moves } from './moves.ts';
import { removeBottle } from './removal.ts';
import type { Target } from './target.ts';

/** Subnets of a bottle, kept or newly chosen; null where it has no such network. */
export interface BottleSubnets {
  readonly internal: string | null;
  readonly external: string | null;
}

export interface StepOptions {
  readonly target: Target;
  readonly current: Current;
  readonly moves: Moves;
  readonly owner: Pick<ComponentIdentity, 'fleet' | 'bottle' | 'revision'>;
  readonly host: HostFacts;
  readonly subnets: BottleSubnets;
  readonly images: ReadonlySet<string>;
  /** Whether the backend makes an image of a Dockerfile. */
  readonly canBuild: boolean;
  /** Why isolation must be proven although nothing starts; null when it need not. */
  readonly unproven: string | null;
  /** Copies on other backends, which go first. */
  readonly strays: readonly ObservedBottle[];
}

/**
 * Steps that make the moves happen, with no wait that is not needed:
 *
 * ```
 * ensure-image ─► (keep sessions) ─► stop, remove ─► (networks) ─► create sidecars ─► start ─► await ─┐
 * render ────────────────────────────────────────────────────┴──► create agent ─► provision ─► start ─┴─► prove-isolation ─► register
 * ```
 * Nothing is taken away before the images of its successor are there, neither here nor on a backend that it leaves.
 */
export function bottleSteps(steps: StepList, options: StepOptions): void {
  const { target, current, moves, owner, host, subnets } = options;
  const { backend, table, settings } = target;
  const hashes = { tableHash: table.hash, settingsHash: settings.hash };
  const sidecarsImage = ensureImage(steps, options, 'sidecars');
  const agentImage = ensureImage(steps, options, 'agent');
  const after = removeStrays(steps, options, [sidecarsImage, agentImage]);
  const successors = [...after, sidecarsImage, agentImage];
  const goneAgent = takeAway(steps, options, 'agent', successors);
  const goneSidecars = takeAway(steps, options, 'sidecars', successors);
  const render =
    moves.sidecars.kind === 'keep'
      ? null
      : steps.add(backend, { kind: 'render-sidecars', ...hashes }, moves.sidecars.reason, after);
  const gone = [...goneAgent, ...goneSidecars];
  const internal = makeNetwork(steps, options, 'internal-network', [...after, ...gone]);
  const external = makeNetwork(steps, options, 'external-network', [...after, ...gone]);
  const addresses = bottleAddresses(subnets);

  let sidecars: Step | null = null;
  if (makesNew(moves.sidecars)) {
    const container = sidecarsContainer(owner, { realised: target.sidecars, host, addresses });
    const needs = [...after, sidecarsImage, ...goneSidecars, render, internal, external];
    sidecars = steps.add(
      backend,
      { kind: 'create-container', container },
      moves.sidecars.reason,
      needs,
    );
  }
  const reload = reloads(steps, options, after);

  let agent: Step | null = null;
  if (makesNew(moves.agent)) {
    const realised = target.agent;
    const container = agentContainer(target.bottle, owner, { realised, host, addresses });
    const needs = [...after, agentImage, ...goneAgent, render ?? reload, internal];
    agent = steps.add(backend, { kind: 'create-container', container }, moves.agent.reason, needs);
  }
  if (moves.agent.kind !== 'keep' && moves.agent.kind !== 'start') {
    const needs = agent === null ? after : [agent];
    agent = steps.add(backend, { kind: 'provision' }, moves.agent.reason, needs);
  }

  const guarded = startSidecars(steps, options, sidecars ?? render);
  const started =
    moves.agent.kind === 'keep'
      ? null
      : steps.add(
          backend,
          { kind: 'start', component: 'agent' },
          moves.agent.reason,
          agent === null ? after : [agent],
        );
  const reason = proofReason(options);
  if (reason !== null && (started !== null || current.agents.some(isAlive))) {
    const needs = [started, guarded, reload];
    const proven = steps.add(backend, { kind: 'prove-isolation' }, reason, needs);
    if ((started !== null || options.unproven !== null) && takesTools(target)) {
      steps.add(backend, { kind: 'register-tools' }, reason, [proven]);
    }
  }
}

/** One step an image that is missing; a `ref` is never built or pulled here. */
function ensureImage(
  steps: StepList,
  { target, moves, images, canBuild }: StepOptions,
  component: ContainerComponent,
): Step | null {
  const { image } = target[component];
  const kind = component === 'sidecars' ? 'builtin' : target.bottle.spec.image.kind;
  if (!makesNew(moves[component]) || kind === 'ref' || images.has(image)) return null;
  const lacks = `${target.backend} does not have it`;
  const reason =
    kind === 'dockerfile' && !canBuild ? `${lacks} and cannot build one, so this will fail` : lacks;
  return steps.add(target.backend, { kind: 'ensure-image', image }, reason);
}

/** A bottle that moves takes its sessions along; of a second copy only the right one counts. */
function removeStrays(
  steps: StepList,
  { target, moves, strays }: StepOptions,
  after: readonly (Step | null)[],
): readonly (Step | null)[] {
  const keepsSessions = makesNew(moves.agent) && hasSessions(target);
  return strays.flatMap((stray) => {
    const reason = `it belongs on ${target.backend}, not on ${stray.backend}`;
    return removeBottle(steps, stray, reason, { keepsSessions, after });
  });
}

/** Stops and removes what is made anew; the last step of each. */
function takeAway(
  steps: StepList,
  { target, current, moves }: StepOptions,
  component: ContainerComponent,
  after: readonly (Step | null)[],
): readonly Step[] {
  const move = moves[component];
  if (move.kind !== 'recreate') return [];
  const containers = component === 'agent' ? current.agents : current.sidecars;
  if (!containers.some(isAlive)) {
    return [steps.add(target.backend, { kind: 'remove', component }, move.reason, after)];
  }
  const kept =
    component === 'agent' && hasSessions(target)
      ? [steps.add(target.backend, { kind: 'keep-sessions' }, move.reason, after)]
      : after;
  const needs = [steps.add(target.backend, { kind: 'stop', component }, move.reason, kept)];
  return [steps.add(target.backend, { kind: 'remove', component }, move.reason, needs)];
}

function makeNetwork(
  steps: StepList,
  { target, moves, owner, subnets }: StepOptions,
  component: Extract<Component, 'internal-network' | 'external-network'>,
  gone: readonly (Step | null)[],
): Step | null {
  const which = component === 'internal-network' ? 'internal' : 'external';
  const move = moves[which];
  const subnet = subnets[which];
  if (move.kind === 'keep' || subnet === null || target.pool === null) return null;
  const removed =
    move.kind === 'recreate'
      ? steps.add(target.backend, { kind: 'remove', component }, move.reason, gone)
      : null;
  const network = networkSpec(owner, component, { pool: target.pool, subnet });
  const needs = removed === null ? gone : [removed];
  return steps.add(target.backend, { kind: 'create-network', network }, move.reason, needs);
}

/** Reloads of sidecars that stay; those that start read the new files anyway. One after the other: both render. */
function reloads(
  steps: StepList,
  { target, moves }: StepOptions,
  after: readonly (Step | null)[],
): Step | null {
  if (moves.sidecars.kind !== 'keep') return null;
  const hashes = { tableHash: target.table.hash, settingsHash: target.settings.hash };
  const wanted = [
    ['egress', moves.reloadEgress],
    ['supervise', moves.reloadSupervise],
  ] as const;
  let last: Step | null = null;
  for (const [sidecar, reason] of wanted) {
    if (reason === null) continue;
    const action = { kind: 'reload-sidecar', sidecar, ...hashes } as const;
    last = steps.add(target.backend, action, reason, [...after, last]);
  }
  return last;
}

function startSidecars(
  steps: StepList,
  { target, moves }: StepOptions,
  ready: Step | null,
): Step | null {
  if (moves.sidecars.kind === 'keep') return null;
  const { backend } = target;
  const { reason } = moves.sidecars;
  const hashes = { tableHash: target.table.hash, settingsHash: target.settings.hash };
  const started = steps.add(backend, { kind: 'start', component: 'sidecars' }, reason, [ready]);
  return steps.add(backend, { kind: 'await-sidecars', ...hashes }, reason, [started]);
}

function proofReason({ moves, unproven }: StepOptions): string | null {
  if (moves.agent.kind !== 'keep') return moves.agent.reason;
  if (moves.sidecars.kind !== 'keep') return moves.sidecars.reason;
  return unproven;
}

function hasSessions({ bottle }: Target): boolean {
  return providerOf(bottle.spec.provider).transcripts !== null;
}

function takesTools({ bottle }: Target): boolean {
  return providerOf(bottle.spec.provider).registration(SUPERVISE_URL) !== null;
}

function makesNew(move: Move): move is Extract<Move, { planned: boolean }> {
  return move.kind === 'create' || move.kind === 'recreate';
}
