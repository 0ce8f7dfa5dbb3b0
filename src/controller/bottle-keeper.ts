import type { PlannedAction } from '../model/action.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredBottle } from '../model/desired-state.ts';
import { fingerprint, type Json } from '../model/fingerprint.ts';
import type { BottleName } from '../model/names.ts';
import { bottleLayout } from '../model/state-layout.ts';
import { crashWords, preservedImage } from '../reconcilers/prune/preservation.ts';
import { bottleMetadata } from './bottle-metadata.ts';
import type { TurnOutcome } from './bottle-turn.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { observedContainers } from './observed-places.ts';
import type { PassResult } from './pass.ts';
import type { BottleRecords } from './ports/bottle-records.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';

interface KeeperPorts {
  readonly records: BottleRecords;
  readonly files: SidecarFiles;
  readonly journal: FleetJournal;
  readonly clock: Clock;
}

/** What was last written down of a bottle: compared by identity, for a commit is read once. */
interface Described {
  readonly desired: DesiredBottle;
  readonly backend: string | null;
}

/**
 * Keeps what must outlive a bottle: who it is, and that its agent crashed. An agent that crashed is restarted like any
 * other; what the mark changes is what happens when its instance leaves the commit.
 */
export class BottleKeeper {
  readonly #ports: KeeperPorts;
  readonly #described = new Map<BottleName, Described>();

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
  }

  /** Before the first action of a turn, so that a crash in the middle of it leaves nothing unknown behind. */
  async turnStarts(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
  ): Promise<void> {
    await this.#markCrash(bottle, result);
    const desired = result.desired.bottles[bottle];
    if (desired === undefined) return void this.#described.delete(bottle);
    const starts = actions.some(
      ({ action }) => action.kind === 'start' && action.component === 'agent',
    );
    const plan = result.plan.bottles.find((candidate) => candidate.bottle === bottle);
    await this.#describe({ desired, backend: plan?.backend ?? null }, result, starts);
  }

  /** After a pass: bottles that need nothing may still have a new label or colour. */
  async passEnded(result: PassResult): Promise<void> {
    for (const { bottle, verdict, backend } of result.plan.bottles) {
      const desired = result.desired.bottles[bottle];
      if (desired === undefined || (verdict !== 'unchanged' && verdict !== 'withheld')) continue;
      await this.#describe({ desired, backend }, result, false);
    }
  }

  /** After a turn: tells what was kept of a bottle that is gone, and how it comes back. */
  async turnEnded(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
    outcome: TurnOutcome,
  ): Promise<void> {
    const keeps = actions.some(({ action }) => action.kind === 'keep-state');
    if (outcome.kind === 'failed' || !keeps) return;
    const { preserved } = bottleLayout(result.context.host.stateDirectory, bottle);
    const how = whatWasSaved(actions, preservedImage(result.desired.fleet.name, bottle));
    await this.#ports.journal.record({
      severity: 'warning',
      bottle,
      reason: 'BottlePreserved',
      message: `its agent had crashed, so it was kept: ${how}; its state is in ${preserved}`,
      revision: result.revision,
    });
  }

  async #markCrash(bottle: BottleName, result: PassResult): Promise<void> {
    const { records, journal, clock } = this.#ports;
    for (const container of observedContainers(bottle, result.observed)) {
      const reason = container.component === 'agent' ? crashWords(container) : null;
      if (reason === null) continue;
      const stays = result.desired.bottles[bottle] !== undefined;
      // A removal that is tried again is no new crash.
      if (!stays && (await records.readMark(bottle)) !== null) continue;
      const at = new Date(clock.nowMs()).toISOString();
      await records.writeMark(bottle, { at, exitCode: container.exitCode, reason });
      await journal.record({
        severity: 'warning',
        bottle,
        reason: 'AgentCrashed',
        message: `the agent ended by itself: ${reason}; ${
          stays
            ? `see bb logs ${bottle} agent. It is started again, and its files are kept when the instance is removed`
            : 'its instance was removed, so its files are kept'
        }`,
        revision: result.revision,
      });
    }
  }

  async #describe(now: Described, result: PassResult, starts: boolean): Promise<void> {
    const { records, files, clock } = this.#ports;
    const { desired, backend } = now;
    const { name } = desired;
    const known = this.#described.get(name);
    if (!starts && known?.desired === desired && known.backend === backend) return;
    const before = await records.readMetadata(name);
    const { host } = result.context;
    const at = new Date(clock.nowMs()).toISOString();
    const metadata = bottleMetadata(desired, before, { backend, host, at, starts });
    if (!isSame(metadata, before)) {
      // The bottle's folder appears whole, so it is made before anything is put into it.
      await files.prepare(name);
      await records.writeMetadata(name, metadata);
    }
    this.#described.set(name, now);
  }
}

/** In words: what became of the agent's own files. */
function whatWasSaved(actions: readonly PlannedAction[], image: string): string {
  if (actions.some(({ action }) => action.kind === 'snapshot')) {
    return `its files are the image ${image}; to bring it back, add the instance again with "image: {ref: ${image}}"`;
  }
  const removed = actions.find(
    ({ action }) => action.kind === 'remove' && action.component === 'agent',
  );
  return removed === undefined
    ? 'nothing of its container was left to save'
    : `its files are LOST, for ${removed.backend} cannot save a bottle as an image`;
}

function isSame(metadata: object, before: object | null): boolean {
  return before !== null && fingerprint(metadata as Json) === fingerprint(before as Json);
}
