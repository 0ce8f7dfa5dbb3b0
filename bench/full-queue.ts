import { mkdir, writeFile } from 'node:fs/promises';
import { systemClock } from '../src/controller/adapters/system-clock.ts';
import { systemRandom } from '../src/controller/adapters/system-random.ts';
import { parseBottleName } from '../src/model/names.ts';
import { bottleLayout } from '../src/model/state-layout.ts';
import { createUlids } from '../src/model/ulid.ts';
import { formatQueueFile } from '../src/supervise/proposal-file.ts';
import {
  archivePath,
  proposalPath,
  type QueueFolder,
  responsePath,
} from '../src/supervise/queue-folder.ts';
import { proposal, proposalRequest, proposalResponse } from '../test/builders/proposal.ts';
import type { BenchFleet } from './fleet.ts';

export const ARCHIVED = 10_000;
export const PENDING = 500;
/** Files that are written at once. */
const TOGETHER = 200;

/** Puts answered proposals into the archive of a bottle, as if it had made them. */
export async function fillArchive(fleet: BenchFleet, bottle: string): Promise<void> {
  const queue = queueOf(fleet, bottle);
  await fill({ ...queue, path: archivePath(queue) }, ARCHIVED, true);
}

/** Puts proposals into the queue of a bottle that wait for an operator. */
export function fillQueue(fleet: BenchFleet, bottle: string): Promise<void> {
  return fill(queueOf(fleet, bottle), PENDING, false);
}

async function fill(folder: QueueFolder, count: number, isAnswered: boolean): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  const nextId = createUlids(systemClock, systemRandom);
  const one = async (index: number): Promise<void> => {
    const id = nextId();
    const request = proposalRequest({ host: `waiting-${index}.example.test` });
    const createdAt = new Date().toISOString();
    const asked = proposal({ id, bottle: folder.bottle, createdAt, request });
    if (isAnswered) {
      await writeFile(responsePath(folder, id), formatQueueFile(proposalResponse({ id })));
    }
    await writeFile(proposalPath(folder, id), formatQueueFile(asked));
  };
  for (let from = 0; from < count; from += TOGETHER) {
    const length = Math.min(TOGETHER, count - from);
    await Promise.all(Array.from({ length }, (_, at) => one(from + at)));
  }
}

function queueOf({ stateDirectory }: BenchFleet, name: string): QueueFolder {
  const bottle = parseBottleName(name);
  if (bottle === undefined) throw new Error(`${name} is no bottle name`);
  return { path: bottleLayout(stateDirectory, bottle).queue, bottle };
}
