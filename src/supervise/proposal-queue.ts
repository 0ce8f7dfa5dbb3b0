import type { Clock, Random } from '../model/clock.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { ProposalId } from '../model/names.ts';
import type { Proposal, ProposalRequest } from '../model/proposal.ts';
import { createUlids } from '../model/ulid.ts';
import { LIMITS } from './limits.ts';
import { formatQueueFile } from './proposal-file.ts';
import type { QueueFiles } from './queue-files.ts';
import {
  findRecord,
  type ProposalRecord,
  proposalPath,
  type QueueFolder,
  readQueueFolder,
  withdrawalPath,
} from './queue-folder.ts';

type Submitted =
  | { readonly kind: 'queued'; readonly proposal: Proposal }
  /** The same request waits already: asking again does not make another one. */
  | { readonly kind: 'collapsed'; readonly proposal: Proposal }
  | { readonly kind: 'refused'; readonly reason: string };

/** The bottle's side of its own queue, used by its supervise sidecar alone. */
export interface ProposalQueue {
  submit(request: ProposalRequest, justification: string, maxPending: number): Promise<Submitted>;
  find(id: ProposalId): Promise<ProposalRecord | null>;
  /** Asks the controller to take a proposal back; false for an id that is not in this queue. */
  withdraw(id: ProposalId): Promise<boolean>;
  /** Resolves with the record as soon as it is answered, or as it stands when `signal` aborts. */
  waitForAnswer(id: ProposalId, signal: AbortSignal): Promise<ProposalRecord | null>;
}

/** Opens the queue of one bottle. `signal` ends its watching of the folder. */
export function createProposalQueue(
  ports: {
    readonly files: QueueFiles;
    readonly clock: Pick<Clock, 'nowMs'>;
    readonly random: Random;
  },
  folder: QueueFolder,
  signal: AbortSignal,
): ProposalQueue {
  const { files, clock } = ports;
  const nextId = createUlids(clock, ports.random);
  const listeners = new Set<() => void>();
  files.watch(
    folder.path,
    () => {
      for (const listener of listeners) listener();
    },
    signal,
  );

  let recent: readonly number[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  const submitInTurn = async (
    request: ProposalRequest,
    justification: string,
    maxPending: number,
  ): Promise<Submitted> => {
    const records = await readQueueFolder(files, folder);
    const pending = records.filter((record) => record.response === null);
    const asked = fingerprint(request);
    const same = pending.find(
      (record) => !record.withdrawn && fingerprint(record.proposal.request) === asked,
    );
    if (same !== undefined) return { kind: 'collapsed', proposal: same.proposal };
    if (pending.length >= maxPending) {
      return {
        kind: 'refused',
        reason: `${pending.length} proposals of this bottle wait already, which is the limit (${maxPending}): wait until an operator has decided`,
      };
    }
    const nowMs = clock.nowMs();
    recent = recent.filter((atMs) => atMs > nowMs - LIMITS.rateWindowMs);
    if (recent.length >= LIMITS.rate) {
      return {
        kind: 'refused',
        reason: `more than ${LIMITS.rate} proposals within a minute: wait before proposing again`,
      };
    }
    const proposal: Proposal = {
      id: nextId(),
      bottle: folder.bottle,
      createdAt: new Date(nowMs).toISOString(),
      request,
      justification,
    };
    await files.publish(proposalPath(folder, proposal.id), formatQueueFile(proposal));
    recent = [...recent, nowMs];
    return { kind: 'queued', proposal };
  };

  const find = (id: ProposalId) => findRecord(files, folder, id);

  return {
    find,
    async withdraw(id) {
      const record = await find(id);
      if (record === null) return false;
      if (record.response === null && !record.withdrawn) {
        await files.publishOnce(withdrawalPath(folder, id), `${JSON.stringify({ id })}\n`);
      }
      return true;
    },
    submit(request, justification, maxPending) {
      // One at a time: two equal calls at once must see each other.
      const mine = turn.then(() => submitInTurn(request, justification, maxPending));
      turn = mine.catch(() => undefined);
      return mine;
    },
    async waitForAnswer(id, waitSignal) {
      for (;;) {
        const hint = nextHint(listeners, waitSignal);
        const record = await find(id);
        if (record === null || record.response !== null || waitSignal.aborted) {
          hint.cancel();
          return record;
        }
        await hint.promise;
      }
    },
  };
}

/** Resolves at the next hint or when the signal aborts; listening begins at the call, so that no hint is missed. */
function nextHint(
  listeners: Set<() => void>,
  signal: AbortSignal,
): { readonly promise: Promise<void>; readonly cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    listeners.delete(done);
    signal.removeEventListener('abort', done);
    resolve();
  };
  listeners.add(done);
  signal.addEventListener('abort', done);
  return { promise, cancel: done };
}
