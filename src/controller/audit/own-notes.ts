import type { FleetName, Revision } from '../../model/names.ts';
import { fleetNameIn } from '../open-source.ts';
import type { Git } from '../ports/git.ts';
import type { BranchHistory } from './branch-history.ts';
import { fleetsIn } from './read-note.ts';

/**
 * The commits whose notes tell of this fleet. Fleets on other branches of the repository write to the same ref: of a
 * commit that is not on the branch, its note says whose it is, or else the `fleet.yaml` that it holds. One that nobody
 * can be told of counts as ours, since the branch may have been rewritten.
 */
export async function ownNotes(
  fleet: FleetName,
  history: BranchHistory,
  git: Git,
): Promise<readonly Revision[]> {
  const noted = await git.noted();
  const own: Revision[] = [];
  for (const revision of noted) {
    if (history.has(revision) || (await isOwn(revision, fleet, git))) own.push(revision);
  }
  return own;
}

async function isOwn(revision: Revision, fleet: FleetName, git: Git): Promise<boolean> {
  const fleets = fleetsIn(await git.readNote(revision));
  if (fleets.has(fleet)) return true;
  // Notes of earlier versions say of no fleet.
  return fleets.size === 0 || fleets.has(null) ? describes(revision, fleet, git) : false;
}

async function describes(revision: Revision, fleet: FleetName, git: Git): Promise<boolean> {
  try {
    const name = fleetNameIn(git, await git.readTree(revision));
    return name.ok ? name.value === fleet : true;
  } catch {
    return true;
  }
}
