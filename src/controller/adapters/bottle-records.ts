import { lstat, mkdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type BottleName, parseAgentName } from '../../model/names.ts';
import { bottleLayout } from '../../model/state-layout.ts';
import type { BottleRecords } from '../ports/bottle-records.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { readJson, writeJson } from './json-file.ts';
import { storeError } from './store-error.ts';

const metadata = z.object({
  agent: z.string(),
  provider: z.string().nullable().default(null),
  backend: z.string().nullable().default(null),
  bottles: z.array(z.string()).default([]),
  workspace: z.string().nullable().default(null),
  label: z.string().nullable(),
  color: z.string().nullable(),
  image: z.string().nullable().default(null),
  createdAt: z.string(),
  started: z.string().nullable().default(null),
});
const mark = z.object({ at: z.string(), exitCode: z.number().nullable(), reason: z.string() });

/** The records as files in each bottle's folder below the fleet's state directory. */
export function createBottleRecords(stateDirectory: string): BottleRecords {
  const layoutOf = (bottle: BottleName) => bottleLayout(stateDirectory, bottle);
  return {
    async readMetadata(bottle) {
      const found = metadata.safeParse(await readJson(layoutOf(bottle).metadata)).data;
      const agent = found === undefined ? undefined : parseAgentName(found.agent);
      return found === undefined || agent === undefined ? null : { ...found, slug: bottle, agent };
    },
    writeMetadata: (bottle, value) => writeJson(layoutOf(bottle).metadata, value),
    async readMark(bottle) {
      const path = layoutOf(bottle).preservedMark;
      const stats = await lstat(path).catch(() => null);
      if (stats === null) return null;
      const found = mark.safeParse(await readJson(path)).data;
      return (
        found ?? { at: stats.mtime.toISOString(), exitCode: null, reason: 'the mark is damaged' }
      );
    },
    writeMark: (bottle, value) => writeJson(layoutOf(bottle).preservedMark, value),
    clearMark: (bottle) => removeFile(layoutOf(bottle).preservedMark),
    readSessions: (bottle) => readFile(layoutOf(bottle).sessions).catch(() => null),
    async writeSessions(bottle, archive) {
      const path = layoutOf(bottle).sessions;
      await writeFileAtomically(path, archive, { mode: 0o600 }).catch(storeError(path));
    },
    async keep(bottle) {
      const { root, preserved, egressIn } = layoutOf(bottle);
      if ((await lstat(root).catch(() => null)) === null) return;
      try {
        // Values of secrets: whoever brings the bottle back renders them anew.
        await rm(egressIn, { recursive: true, force: true });
        await mkdir(dirname(preserved), { recursive: true, mode: 0o700 });
        await rm(preserved, { recursive: true, force: true });
        await rename(root, preserved);
      } catch (error) {
        storeError(preserved)(error);
      }
    },
    async remove(bottle) {
      const { root, metadata: described, preservedMark, sessions } = layoutOf(bottle);
      for (const path of [described, preservedMark, sessions]) await removeFile(path);
      await rmdir(root).catch(() => undefined);
    },
  };
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch(storeError(path));
}
