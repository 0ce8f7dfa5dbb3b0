import { appendFile, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FleetEvent } from '../../model/event.ts';
import { parseBottleName, parseRevision } from '../../model/names.ts';
import type { AppliedRecord } from '../../reconcilers/plan-context.ts';
import type { FleetStore } from '../ports/fleet-store.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { parseJson, readJson, writeJson } from './json-file.ts';
import { storeError } from './store-error.ts';

const ROTATE_BYTES = 5 * 1024 * 1024;

const applied = z.record(
  z.string(),
  z.object({ revision: z.string(), specHash: z.string(), backend: z.string().optional() }),
);
const turn = z.object({
  revision: z.string(),
  bottle: z.string(),
  actions: z.number(),
  result: z.string().nullable(),
});
const event: z.ZodType<FleetEvent> = z.object({
  at: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  bottle: z.string().nullable(),
  reason: z.string(),
  message: z.string(),
  revision: z.string().nullable(),
});

/** The controller's notes as files below the fleet's state directory; `rotateBytes` bounds the log of events. */
export function createFleetStore(stateDirectory: string, rotateBytes = ROTATE_BYTES): FleetStore {
  const inventoryPath = join(stateDirectory, 'inventory.json');
  const appliedPath = join(stateDirectory, 'applied.json');
  const appliedRevisionPath = join(stateDirectory, 'applied-revision.json');
  const eventsPath = join(stateDirectory, 'events.jsonl');
  const olderEventsPath = `${eventsPath}.1`;
  const turnsPath = join(stateDirectory, 'turns.jsonl');
  let appending: Promise<void> = Promise.resolve();

  const ensureFolder = () => mkdir(stateDirectory, { recursive: true, mode: 0o700 });

  async function append(path: string, value: unknown): Promise<void> {
    await ensureFolder();
    // A crash, or a disk that was full, may have cut the last line short.
    const separator = (await endsWithLineFeed(path)) ? '' : '\n';
    await appendFile(path, `${separator}${JSON.stringify(value)}\n`, { mode: 0o600 });
  }

  async function rotate(): Promise<void> {
    const size = (await lstat(eventsPath).catch(() => null))?.size ?? 0;
    if (size > rotateBytes) await rename(eventsPath, olderEventsPath);
  }

  /** One after the other, so that lines never mix. */
  function inOrder(path: string, write: () => Promise<void>): Promise<void> {
    const done = appending.then(write).catch(storeError(path));
    appending = done.catch(() => undefined);
    return done;
  }

  return {
    async readInventory() {
      const names = z.array(z.string()).safeParse(await readJson(inventoryPath)).data ?? [];
      return names.flatMap((name) => parseBottleName(name) ?? []);
    },
    writeInventory: (bottles) => writeJson(inventoryPath, bottles),
    async readApplied() {
      const records = applied.safeParse(await readJson(appliedPath)).data ?? {};
      return Object.fromEntries(
        Object.entries(records).flatMap(([name, record]): [string, AppliedRecord][] => {
          const revision = parseRevision(record.revision);
          if (revision === undefined || parseBottleName(name) === undefined) return [];
          const { specHash, backend } = record;
          const where = backend === undefined ? {} : { backend };
          return [[name, { revision, specHash, ...where }]];
        }),
      );
    },
    writeApplied: (records) => writeJson(appliedPath, records),
    async readAppliedRevision() {
      const raw = z.string().safeParse(await readJson(appliedRevisionPath)).data ?? '';
      return parseRevision(raw) ?? null;
    },
    writeAppliedRevision: (revision) => writeJson(appliedRevisionPath, revision),
    async readTurns() {
      return (await readLines(turnsPath)).flatMap((line) => {
        const found = turn.safeParse(parseJson(line)).data;
        const bottle = parseBottleName(found?.bottle ?? '');
        const revision = parseRevision(found?.revision ?? '');
        if (found === undefined || bottle === undefined || revision === undefined) return [];
        return [{ ...found, bottle, revision }];
      });
    },
    appendTurn: (recorded) => inOrder(turnsPath, () => append(turnsPath, recorded)),
    writeTurns: (turns) =>
      inOrder(turnsPath, async () => {
        if (turns.length === 0) return rm(turnsPath, { force: true });
        await ensureFolder();
        await writeFileAtomically(turnsPath, linesOf(turns), { mode: 0o600 });
      }),
    appendEvent: (happened) =>
      inOrder(eventsPath, async () => {
        await rotate();
        await append(eventsPath, happened);
      }),
    async readEvents(limit) {
      const newest = await readLines(eventsPath);
      const older = newest.length < limit ? await readLines(olderEventsPath) : [];
      return [...older, ...newest]
        .flatMap((line) => event.safeParse(parseJson(line)).data ?? [])
        .slice(-limit)
        .reverse();
    },
  };
}

function linesOf(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

async function readLines(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** True for a file that is absent or empty too. */
async function endsWithLineFeed(path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size === 0) return true;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 10;
  } catch {
    return true;
  }
}
