import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BottleName, parseBottleName } from '../../model/names.ts';
import { bottleLayout } from '../../model/state-layout.ts';
import { removeAbandoned } from './temporary-file.ts';

/** Of every fleet, and of the embedded backend. */
const FOLDERS = [
  ...['bottles', 'preserved'],
  ...['embedded', 'embedded/host-etc', 'embedded/images', 'embedded/records', 'embedded/runs'],
];

/**
 * Removes the temporary files of dead processes from a fleet's state directory, for its owner. Values of secrets may be
 * among them. `everywhere` also looks at each bottle, which only a process that held the fleet can have left.
 */
export async function removeAbandonedFiles(
  stateDirectory: string,
  { everywhere }: { readonly everywhere: boolean },
): Promise<void> {
  await removeAbandoned(dirname(stateDirectory), (name) => name === 'version-key');
  await removeAbandoned(stateDirectory);
  if (!everywhere) return;
  for (const folder of FOLDERS) await removeAbandoned(join(stateDirectory, folder));
  for (const bottle of await bottlesIn(join(stateDirectory, 'queue'))) {
    // What is to become a proposal is being written by a sidecar, whose pid says nothing here.
    const isAnswer = (name: string) => name.endsWith('.response.json');
    await removeAbandoned(bottleLayout(stateDirectory, bottle).queue, isAnswer);
    await removeAbandoned(join(stateDirectory, 'first-sight', bottle));
  }
  for (const bottle of await bottlesIn(join(stateDirectory, 'bottles'))) {
    const { root, trust, egressIn, superviseIn } = bottleLayout(stateDirectory, bottle);
    await Promise.all(
      [root, trust, egressIn, superviseIn].map((folder) => removeAbandoned(folder)),
    );
  }
}

async function bottlesIn(folder: string): Promise<readonly BottleName[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => parseBottleName(name) ?? []);
}
