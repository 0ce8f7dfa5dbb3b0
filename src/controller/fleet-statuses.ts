import type { BottleName } from '../model/names.ts';
import type { FleetStatus } from '../model/status.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { Decisions } from './decisions.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { fleetStatus } from './fleet-status.ts';
import { leftMetadata } from './left-metadata.ts';
import type { PassPorts } from './pass.ts';
import type { Reconciler } from './reconciler.ts';

export interface StatusPorts {
  readonly pass: PassPorts;
  readonly reconciler: Reconciler;
  readonly proposals: ProposalStore;
  readonly journal: FleetJournal;
  readonly decisions: Pick<Decisions, 'held'>;
  readonly controllerPid: number | null;
}

/** The status as it is told over time: each one carries on the transition times of the one before. */
export class FleetStatuses {
  readonly #ports: StatusPorts;
  #before: FleetStatus | null = null;

  constructor(ports: StatusPorts) {
    this.#ports = ports;
  }

  /** What the reconciler knows now, looked at no further. */
  async current(): Promise<FleetStatus> {
    const { pass, reconciler, journal, controllerPid, decisions } = this.#ports;
    const { git, clock, records } = pass;
    const snapshot = reconciler.snapshot();
    const remote = git.remote();
    this.#before = fleetStatus({
      snapshot,
      repository: git.repository,
      branch: git.branch,
      remote: remote === null ? null : { ...remote, waiting: (await decisions.held()).length },
      appliedRevision: await journal.appliedRevision(),
      pendingProposals: await this.#pendingProposals(),
      left: await leftMetadata(snapshot.last, records),
      before: this.#before,
      controllerPid,
      nowMs: clock.nowMs(),
      elapsedMs: clock.elapsedMs(),
    });
    return this.#before;
  }

  /** Tells the status now and after each change until `signal` aborts; changes that come while one is told are one. */
  async follow(onStatus: (status: FleetStatus) => void, signal: AbortSignal): Promise<void> {
    onStatus(await this.current());
    let isTelling = false;
    let changed = false;
    const tell = async (): Promise<void> => {
      changed = true;
      if (isTelling) return;
      isTelling = true;
      try {
        while (changed && !signal.aborted) {
          changed = false;
          onStatus(await this.current());
        }
      } finally {
        isTelling = false;
      }
    };
    const stop = this.#ports.reconciler.onChange(() => void tell().catch(() => undefined));
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    stop();
  }

  async #pendingProposals(): Promise<ReadonlyMap<BottleName, number>> {
    const pending = new Map<BottleName, number>();
    for (const { proposal } of await this.#ports.proposals.pending()) {
      pending.set(proposal.bottle, (pending.get(proposal.bottle) ?? 0) + 1);
    }
    return pending;
  }
}
