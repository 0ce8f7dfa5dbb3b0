import type { BottleName, ProposalId } from '../model/names.ts';
import type { Proposal, ProposalResponse } from '../model/proposal.ts';
import { LIMITS } from './limits.ts';
import {
  type Parsed,
  parseProposalFile,
  parseQueueFileName,
  parseResponseFile,
} from './proposal-file.ts';
import type { QueueFiles } from './queue-files.ts';

/** A proposal with what was said about it; `response: null` = it waits for an operator. */
export interface ProposalRecord {
  readonly proposal: Proposal;
  readonly response: ProposalResponse | null;
  readonly archived: boolean;
}

/** The queue of one bottle: `<id>.proposal.json`, `<id>.response.json`, `archive/`, `quarantine/`. */
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

export function archivePath(folder: QueueFolder): string {
  return `${folder.path}/archive`;
}

/** Every proposal that is not archived, oldest first. What cannot be trusted is moved to `quarantine/` and left out. */
export async function readQueueFolder(
  files: QueueFiles,
  folder: QueueFolder,
): Promise<readonly ProposalRecord[]> {
  const names = new Set((await files.list(folder.path)).slice(0, MAX_NAMES));
  const records: ProposalRecord[] = [];
  for (const name of names) {
    const parsed = parseQueueFileName(name);
    if (parsed?.kind !== 'proposal') continue;
    const record = await readRecord(files, folder, parsed.id);
    // Answered when we listed and gone now: it is being archived, so it is not pending.
    const answered = names.has(`${parsed.id}.response.json`);
    const vanished =
      answered && record?.response === null && !(await isThere(files, folder, parsed.id));
    if (record !== null && !vanished) records.push(record);
  }
  return records;
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
  await files.moveInto(path, `${folder.path}/quarantine`).catch(() => false);
}

async function readRecord(
  files: QueueFiles,
  folder: QueueFolder,
  id: ProposalId,
  archived = false,
): Promise<ProposalRecord | null> {
  const proposal = await readTrusted(files, folder, proposalPath(folder, id), (text) =>
    parseProposalFile(text, { id, bottle: folder.bottle }),
  );
  if (proposal === null) return null;
  return { proposal, response: await readResponse(files, folder, id), archived };
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
