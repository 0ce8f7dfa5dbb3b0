import {
  type BottleName,
  type ProposalId,
  parseBottleName,
  parseProposalId,
} from '../model/names.ts';
import type { ProposalResponse } from '../model/proposal.ts';
import { bottleLayout } from '../model/state-layout.ts';
import { createFirstSight } from './first-sight.ts';
import { formatQueueFile } from './proposal-file.ts';
import type { QueueFiles } from './queue-files.ts';
import {
  archivePath,
  findRecord,
  type ProposalRecord,
  proposalPath,
  type QueueFolder,
  quarantine,
  readArchived,
  readQueueFolder,
  responsePath,
} from './queue-folder.ts';
import { transition } from './states.ts';

/** Whether this answer is the one that counts; of any number of deciders exactly one is told `answered`. */
type Answered =
  | { readonly kind: 'answered' }
  | { readonly kind: 'already-answered'; readonly response: ProposalResponse | null }
  | { readonly kind: 'unknown' };

/** The controller's side of every bottle's queue. */
export interface ProposalStore {
  /** Proposals that wait, in order of arrival over all bottles. */
  pending(): Promise<readonly ProposalRecord[]>;
  /** The same with the answered and archived ones. */
  all(): Promise<readonly ProposalRecord[]>;
  /** Proposals whose answer was written and that are not archived yet. */
  answered(): Promise<readonly ProposalRecord[]>;
  /** Null for an id that no bottle's queue knows, also when it is no id at all. */
  read(id: string): Promise<ProposalRecord | null>;
  respond(response: ProposalResponse): Promise<Answered>;
  /** Moves an answered proposal out of the queue; false when it is not there or still waits. */
  archive(id: ProposalId): Promise<boolean>;
}

/**
 * Opens the queues below the fleet's state directory; folders that come later are found. A proposal that changes after
 * it was first seen is no proposal any more.
 */
export function createProposalStore(files: QueueFiles, stateDirectory: string): ProposalStore {
  const firstSight = createFirstSight(files, stateDirectory);

  const folderOf = (bottle: BottleName): QueueFolder => ({
    path: bottleLayout(stateDirectory, bottle).queue,
    bottle,
  });

  const folders = async (): Promise<readonly QueueFolder[]> => {
    const names = await files.list(`${stateDirectory}/queue`);
    return names.flatMap((name) => {
      const bottle = parseBottleName(name);
      return bottle === undefined ? [] : [folderOf(bottle)];
    });
  };

  const queued = async (): Promise<readonly ProposalRecord[]> => {
    const all = await folders();
    const records = (await Promise.all(all.map((folder) => readQueueFolder(files, folder)))).flat();
    return (await Promise.all(records.map(asFirstSeen))).filter((record) => record !== null);
  };

  /** The record, or null when it waits and is another one than was seen under this id before. */
  const asFirstSeen = async (record: ProposalRecord): Promise<ProposalRecord | null> => {
    const { proposal, response } = record;
    if (response !== null || (await firstSight.holds(proposal))) return record;
    const folder = folderOf(proposal.bottle);
    await quarantine(files, folder, proposalPath(folder, proposal.id));
    return null;
  };

  const archived = async (): Promise<readonly ProposalRecord[]> => {
    const all = await folders();
    const records = all.map(async (folder) =>
      (await readQueueFolder(files, { ...folder, path: archivePath(folder) })).map((record) => ({
        ...record,
        archived: true,
      })),
    );
    return (await Promise.all(records)).flat();
  };

  const read = async (rawId: string): Promise<ProposalRecord | null> => {
    const id = parseProposalId(rawId);
    if (id === undefined) return null;
    for (const folder of await folders()) {
      const record = await findRecord(files, folder, id);
      if (record !== null) return asFirstSeen(record);
    }
    return null;
  };

  return {
    read,
    pending: async () => byArrival((await queued()).filter((record) => record.response === null)),
    answered: async () => byArrival((await queued()).filter((record) => record.response !== null)),
    all: async () => byArrival([...(await queued()), ...(await archived())]),
    async respond(response) {
      const record = await read(response.id);
      if (record === null) return { kind: 'unknown' };
      if (!transition(record.response?.state ?? 'pending', response.state).ok) {
        return { kind: 'already-answered', response: record.response };
      }
      const folder = folderOf(record.proposal.bottle);
      const path = responsePath(folder, response.id);
      if (!(await files.publishOnce(path, formatQueueFile(response)))) {
        const winner = await read(response.id);
        return { kind: 'already-answered', response: winner?.response ?? null };
      }
      // The name was free because the winner's answer had been archived: ours came too late.
      const archivedRecord = await readArchived(files, folder, response.id);
      if (archivedRecord === null) return { kind: 'answered' };
      await quarantine(files, folder, path);
      return { kind: 'already-answered', response: archivedRecord.response };
    },
    async archive(id) {
      const record = await read(id);
      if (record === null || record.response === null) return false;
      const folder = folderOf(record.proposal.bottle);
      // The proposal goes first: an answer without a proposal is never mistaken for one that waits.
      const asked = await files.moveInto(proposalPath(folder, id), archivePath(folder));
      const answered = await files.moveInto(responsePath(folder, id), archivePath(folder));
      await firstSight.forget(record.proposal);
      return asked || answered;
    },
  };
}

function byArrival(records: readonly ProposalRecord[]): readonly ProposalRecord[] {
  return records.toSorted((a, b) => (a.proposal.id < b.proposal.id ? -1 : 1));
}
