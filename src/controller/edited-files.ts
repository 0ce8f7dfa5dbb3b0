import { type LoadedState, loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Random } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import type { FleetEdit } from '../model/fleet-edit.ts';
import type { Revision } from '../model/names.ts';
import type { Answer, Refusal } from './api.ts';
import { type EditedFiles, editFiles } from './fleet-edit.ts';
import type { PassPorts } from './pass.ts';

/** The tip that an edit is computed on. */
export interface EditBase {
  readonly tip: Revision;
  readonly files: ReadonlyMap<string, TreeFile>;
  readonly loaded: LoadedState;
}

/** An edit, and the fleet that it describes. */
export interface ValidEdit extends EditedFiles {
  readonly desired: DesiredState;
}

/**
 * What an operator's edit makes of the tip: some read history for it, the others the files alone. Refused
 * where the result would not be valid; what takes a commit back may be made on a tip that is not.
 */
export async function editedFiles(
  edit: FleetEdit,
  base: EditBase,
  { git, policy, clock, random }: PassPorts & { readonly random: Random },
): Promise<Answer<ValidEdit>> {
  const edited = await computed(edit, base, { git, random });
  if (!edited.ok) return edited;
  const changed = withChanges(base.files, edited.value.changes);
  const { desired, diagnostics } = loadDesiredState(changed, policy, { nowMs: clock.nowMs() });
  if (desired !== null) return { ok: true, value: { ...edited.value, desired } };
  const refusal = {
    kind: 'invalid',
    message: 'with this edit the desired state would not be valid',
    hint: 'mend first what it collides with',
    diagnostics,
  } as const;
  return { ok: false, refusal };
}

async function computed(
  edit: FleetEdit,
  { tip, files, loaded }: EditBase,
  { git, random }: Pick<PassPorts, 'git'> & { readonly random: Random },
): Promise<Answer<EditedFiles>> {
  switch (edit.kind) {
    case 'rollback': {
      const { rollbackFiles } = await import('./rollback.ts');
      return rollbackFiles(edit, tip, git);
    }
    case 'restore': {
      const { restoredFiles } = await import('./restored-files.ts');
      return restoredFiles(edit, { tip, files }, git);
    }
    default:
      return loaded.desired === null
        ? { ok: false, refusal: onTopOfErrors(tip, loaded) }
        : editFiles(edit, files, loaded.desired, random);
  }
}

function onTopOfErrors(tip: Revision, { diagnostics }: LoadedState): Refusal {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  const problem = first === undefined ? '' : `: ${formatDiagnostic(first)}`;
  return {
    kind: 'invalid',
    message: `nothing is edited while commit ${tip.slice(0, 12)} has an error${problem}`,
    hint: 'mend it and commit, or take back with bb rollback what broke it',
    diagnostics,
  };
}

function withChanges(
  files: ReadonlyMap<string, TreeFile>,
  changes: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, TreeFile> {
  const edited = new Map(files);
  for (const [path, text] of changes) {
    if (text === null) edited.delete(path);
    else edited.set(path, { mode: '100644', bytes: new TextEncoder().encode(text) });
  }
  return edited;
}
