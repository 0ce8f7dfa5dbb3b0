import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';

/** A copy of a simulated fleet and its repository, to go back to as often as needed. */
export interface SavedWorld extends AsyncDisposable {
  restore(): Promise<void>;
}

/** Copies them as they are now. */
export async function saveWorld(fleet: FleetUnderTest): Promise<SavedWorld> {
  const folders = [fleet.folder, fleet.repository.root];
  const copy = (from: string, to: string) => execa('cp', ['-a', from, to]);
  const saved = `${fleet.folder}-saved`;
  await rm(saved, { recursive: true, force: true });
  await execa('mkdir', [saved]);
  for (const [index, folder] of folders.entries()) await copy(folder, `${saved}/${index}`);
  return {
    async restore() {
      for (const [index, folder] of folders.entries()) {
        await rm(folder, { recursive: true, force: true });
        await copy(`${saved}/${index}`, folder);
      }
    },
    [Symbol.asyncDispose]: () => rm(saved, { recursive: true, force: true }),
  };
}
