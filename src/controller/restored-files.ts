import { UneditableText } from '../desired/edit.ts';
import { instanceDockerfile, instanceFiles } from '../desired/instance-files.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { FleetEdit } from '../model/fleet-edit.ts';
import { parseBottleName, type Revision } from '../model/names.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer, Refusal } from './api.ts';
import type { EditedFiles } from './fleet-edit.ts';
import type { Git } from './ports/git.ts';
import { wholeText } from './tree-without-change.ts';

type Restore = Extract<FleetEdit, { readonly kind: 'restore' }>;
type Files = ReadonlyMap<string, TreeFile>;

/**
 * The files of a commit of this branch in the place of today's: all of them, or those that belong to one bottle alone.
 * What came in between stays in history. Refused where nothing differs, and for files that are no text.
 */
export async function restoredFiles(
  edit: Restore,
  { tip, files }: { readonly tip: Revision; readonly files: Files },
  git: Git,
): Promise<Answer<EditedFiles & { readonly restores: Revision }>> {
  const name = sanitizeLine(edit.revision, 60);
  const restores = await git.resolveRevision(edit.revision);
  if (restores === null) return refuse('not-found', `there is no commit "${name}"`);
  const short = restores.slice(0, 12);
  if (!(await git.isAncestor(restores, tip))) {
    return refuse('bad-request', `commit ${short} is not on ${git.branch}`);
  }
  const bottle = edit.only === null ? null : parseBottleName(edit.only);
  if (bottle === undefined) {
    return refuse('bad-request', `"${sanitizeLine(edit.only ?? '', 60)}" is no bottle name`);
  }
  const then = await git.readTree(restores);
  const ofBottle =
    bottle === null ? null : [...Object.values(instanceFiles(bottle)), instanceDockerfile(bottle)];
  try {
    const changes = changesBetween(files, then, ofBottle);
    const what = bottle === null ? 'the fleet' : `the files of ${bottle}`;
    if (changes.size === 0) return refuse('conflict', `${what} is as it was at ${short}`);
    const subject = `Restore ${what} of ${short}`;
    return { ok: true, value: { changes, subject, action: 'rollback', bottle, restores } };
  } catch (error) {
    if (!(error instanceof UneditableText)) throw error;
    return refuse('conflict', `commit ${short} cannot be brought back: ${error.message}`);
  }
}

/** What has to be written so that `now` is as `then`; of the given paths alone where there are some. */
function changesBetween(
  now: Files,
  then: Files,
  among: readonly string[] | null,
): ReadonlyMap<string, string | null> {
  const changes = new Map<string, string | null>();
  for (const path of among ?? new Set([...now.keys(), ...then.keys()])) {
    const [is, was] = [wholeText(now.get(path)), wholeText(then.get(path))];
    if (is !== was) changes.set(path, was);
  }
  return changes;
}

function refuse(kind: Refusal['kind'], message: string): Answer<never> {
  const hint = 'bb audit shows the commits that there are';
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
