import type { BottleName, ProposalId } from '../model/names.ts';
import type { Proposal, ProposalResponse } from '../model/proposal.ts';
import { LIMITS } from './limits.ts';
import {
  type Parsed,
  parseNotice,
  parseProposalFile,
  parseQueueFileName,
  parseResponseFile,
} from './proposal-file.ts';
import type { QueueFiles } from './queue-files.ts';

/** A proposal with what was said about it; `response: null` = it waits for an operator. */
export interface ProposalRecord {
  readonly proposal: Proposal;
  readonly response: ProposalResponse | null;
  /** The agent does not want it any more: nobody may approve it. */
  readonly withdrawn: boolean;
  readonly archived: boolean;
  /** What the controller says of one that waits; for its agent, and believed by nobody else. */
  readonly notice?: string;
}

/** The queue of one bottle: `<id>.proposal.json`, `.withdrawal.json`, `.response.json`, `.notice.json`, `archive/`, `quarantine/`. */
export interface QueueFolder {
  readonly path: string;
  readonly bottle: BottleName;
}

/** Past this a folder is no queue but an attack: what sorts after it is not looked at. */
const MAX_NAMES = 5_000;

export function proposalPath(folder: QueueFolder, id: ProposalId): string {
  return `${folder.path}/${id}.proposal.json`;
}

export function responsePath(folder: QueueFolder, id: ProposalId): string {
  return `${folder.path}/${id}.response.json`;
}

export function noticePath(folder: QueueFolder, id: ProposalId): string {
  return `${folder.path}/${id}.notice.json`;
}

export function archivePath(folder: QueueFolder): string {
  return `${folder.path}/archive`;
}

export function withdrawalPath(folder: QueueFolder, id: ProposalId): string {
  return `${folder.path}/${id}.withdrawal.json`;
}

/** Proposals of a folder as they were read before, so that what has not changed is not read again. */
export type ProposalMemory = Map<
  ProposalId,
  { readonly stamp: string; readonly proposal: Proposal }
>;

/**
 * Every proposal that is not archived, oldest first. What cannot be trusted is moved to `quarantine/` and left out.
 * `memory` is taken and brought up to date.
 */
export async function readQueueFolder(
  files: QueueFiles,
  folder: QueueFolder,
  memory: ProposalMemory = new Map(),
): Promise<readonly ProposalRecord[]> {
  const names = new Set((await files.list(folder.path)).slice(0, MAX_NAMES));
  const ids = [...names].flatMap((name) => {
    const parsed = parseQueueFileName(name);
    return parsed?.kind === 'proposal' ? [parsed.id] : [];
  });
  for (const id of memory.keys()) if (!names.has(`${id}.proposal.json`)) memory.delete(id);
  const records = await Promise.all(
    ids.map(async (id) => {
      const proposal = await remembered(files, folder, id, memory);
      if (proposal === null) return null;
      const withdrawn = names.has(`${id}.withdrawal.json`);
      const waits = { proposal, response: null, withdrawn, archived: false };
      if (!names.has(`${id}.response.json`)) return waits;
      const response = await readResponse(files, folder, id);
      // Answered when we listed and gone now: it is being archived, so it is not pending.
      const vanished = response === null && !(await isThere(files, folder, id));
      return vanished ? null : { ...waits, response };
    }),
  );
  return records.filter((record) => record !== null);
}

async function remembered(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
  memory: ProposalMemory,
): Promise<Proposal | null> {
  const stamp = await files.stamp(proposalPath(folder, id));
  const kept = memory.get(id);
  if (kept !== undefined && kept.stamp === stamp) return kept.proposal;
  memory.delete(id);
  const proposal = await readProposal(files, folder, id);
  // What is written to between the stamp and the read has another stamp the next time.
  if (proposal !== null && stamp !== null) memory.set(id, { stamp, proposal });
  return proposal;
}

/** The proposal `id`, archived or not; null when there is none that can be trusted. */
export async function findRecord(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
): Promise<ProposalRecord | null> {
  const record = await readRecord(files, folder, id);
  if (record !== null && record.response !== null) return record;
  // Between two reads it may have been archived: what looks as if it waits is looked for there too.
  return (await readArchived(files, folder, id)) ?? record;
}

/** The proposal `id` when it is in the archive, with its answer also when a crash left that behind. */
export async function readArchived(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
): Promise<ProposalRecord | null> {
  const record = await readRecord(files, { ...folder, path: archivePath(folder) }, id, true);
  if (record === null || record.response !== null) return record;
  return { ...record, response: await readResponse(files, folder, id) };
}

/** Puts a file of the queue where nobody reads it. Best effort: what cannot be moved is skipped all the same. */
export async function quarantine(
  files: QueueFiles,
  folder: QueueFolder,
  path: string,
): Promise<void> {
  const aside = `${folder.path}/quarantine`;
  const isFull = (await files.list(aside)).length >= LIMITS.quarantined;
  const moved = isFull ? files.remove(path) : files.moveInto(path, aside);
  await moved.catch(() => undefined);
}

async function readRecord(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
  archived = false,
): Promise<ProposalRecord | null> {
  const proposal = await readProposal(files, folder, id);
  if (proposal === null) return null;
  const response = await readResponse(files, folder, id);
  const withdrawn = (await files.stamp(withdrawalPath(folder, id))) !== null;
  const notice = response === null ? await readNotice(files, folder, id) : null;
  return { proposal, response, withdrawn, archived, ...(notice === null ? {} : { notice }) };
}

async function readNotice(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
): Promise<string | null> {
  const read = await files.read(noticePath(folder, id), LIMITS.noticeBytes);
  return read.kind === 'text' ? parseNotice(read.text) : null;
}

function readProposal(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
): Promise<Proposal | null> {
  return readTrusted(files, folder, proposalPath(folder, id), (text) =>
    parseProposalFile(text, { id, bottle: folder.bottle }),
  );
}

function readResponse(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
): Promise<ProposalResponse | null> {
  return readTrusted(files, folder, responsePath(folder, id), (text) =>
    parseResponseFile(text, id),
  );
}

async function readTrusted<Value>(
  files: QueueFiles,
  folder: QueueFolder,
  path: string,
  parse: (text: string) => Parsed<Value>,
): Promise<Value | null> {
  const read = await files.read(path, LIMITS.fileBytes);
  if (read.kind === 'absent' || read.kind === 'unreadable') return null;
  const parsed = read.kind === 'text' ? parse(read.text) : null;
  if (parsed?.ok) return parsed.value;
  await quarantine(files, folder, path);
  return null;
}

async function isThere(files: QueueFiles, folder: QueueFolder, id: ProposalId): Promise<boolean> {
  return (await files.read(proposalPath(folder, id), LIMITS.fileBytes)).kind === 'text';
}
