import {
  type BottleName,
  type ProposalId,
  parseBottleName,
  parseProposalId,
} from '../model/names.ts';
import type { Proposal, ProposalResponse } from '../model/proposal.ts';
import { bottleLayout } from '../model/state-layout.ts';
import { createFirstSight } from './first-sight.ts';
import { createProposalArchive } from './proposal-archive.ts';
import { formatNotice, formatQueueFile } from './proposal-file.ts';
import type { QueueFiles } from './queue-files.ts';
import {
  findRecord,
  noticePath,
  type ProposalMemory,
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
  /** The same with those that were answered and are not archived yet. */
  queued(): Promise<readonly ProposalRecord[]>;
  /** The same with the newest of the archived ones. */
  all(): Promise<readonly ProposalRecord[]>;
  /** Null for an id that no bottle's queue knows, also when it is no id at all. */
  read(id: string): Promise<ProposalRecord | null>;
  respond(response: ProposalResponse): Promise<Answered>;
  /** Tells the agent of a proposal that waits something about it; null takes that back. */
  notify(about: Pick<Proposal, 'id' | 'bottle'>, notice: string | null): Promise<void>;
  /** Moves an answered proposal out of the queue; false when it is not there or still waits. */
  archive(id: ProposalId): Promise<boolean>;
  /** Finishes what a process that died left half archived. */
  tidy(): Promise<void>;
}

/**
 * Opens the queues below the fleet's state directory; folders that come later are found. A proposal that changes after
 * it was first seen is no proposal any more.
 */
export function createProposalStore(files: QueueFiles, stateDirectory: string): ProposalStore {
  const firstSight = createFirstSight(files, stateDirectory);
  const memories = new Map<BottleName, ProposalMemory>();
  const archive = createProposalArchive(files);

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

  const memoryOf = (bottle: BottleName): ProposalMemory => {
    const memory = memories.get(bottle) ?? new Map();
    memories.set(bottle, memory);
    return memory;
  };

  const queued = async (): Promise<readonly ProposalRecord[]> => {
    const all = await folders();
    const read = (folder: QueueFolder) => readQueueFolder(files, folder, memoryOf(folder.bottle));
    const records = (await Promise.all(all.map(read))).flat();
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

  /** The queue that holds the proposal is asked first, if it is known. */
  const foldersFor = async (id: ProposalId): Promise<readonly QueueFolder[]> => {
    const all = await folders();
    const isLikely = ({ bottle }: QueueFolder) => memories.get(bottle)?.has(id) === true;
    return [...all.filter(isLikely), ...all.filter((folder) => !isLikely(folder))];
  };

  const read = async (rawId: string): Promise<ProposalRecord | null> => {
    const id = parseProposalId(rawId);
    if (id === undefined) return null;
    for (const folder of await foldersFor(id)) {
      const record = await findRecord(files, folder, id);
      if (record !== null) return asFirstSeen(record);
    }
    return null;
  };

  return {
    read,
    pending: async () => byArrival((await queued()).filter((record) => record.response === null)),
    queued: async () => byArrival(await queued()),
    async all() {
      const archived = (await folders()).map((folder) => archive.newest(folder));
      return byArrival([...(await queued()), ...(await Promise.all(archived)).flat()]);
    },
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
    async notify({ id, bottle }, notice) {
      const path = noticePath(folderOf(bottle), id);
      if (notice === null) await files.remove(path);
      else await files.publish(path, formatNotice(notice));
    },
    async archive(id) {
      const record = await read(id);
      if (record === null || record.response === null) return false;
      const folder = folderOf(record.proposal.bottle);
      // What is answered is not held to its first sight any more.
      await firstSight.forget(record.proposal);
      return archive.take(folder, id);
    },
    async tidy() {
      for (const folder of await folders()) await archive.finish(folder);
    },
  };
}

function byArrival(records: readonly ProposalRecord[]): readonly ProposalRecord[] {
  return records.toSorted((a, b) => (a.proposal.id < b.proposal.id ? -1 : 1));
}
