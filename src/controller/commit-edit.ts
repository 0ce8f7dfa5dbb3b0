import type { Random } from '../model/clock.ts';
import type { FleetEdit } from '../model/fleet-edit.ts';
import { parseBottleName, type Revision } from '../model/names.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { Answer } from './api.ts';
import { type Committed, commitChanges } from './commit-changes.ts';
import { editedFiles } from './edited-files.ts';
import { desiredAt, type PassPorts } from './pass.ts';
import type { CommitRequest } from './ports/git.ts';

export interface EditPorts {
  readonly pass: PassPorts;
  readonly random: Random;
}

/** Commits an operator's edit on the branch; on a tip that is not valid only one that makes it valid. */
export function commitEdit(
  edit: FleetEdit,
  operator: string,
  ports: EditPorts,
): Promise<Answer<Committed>> {
  return commitChanges(ports.pass.git, (tip) => editAt(tip, edit, operator, ports));
}

async function editAt(
  tip: Revision,
  edit: FleetEdit,
  operator: string,
  { pass, random }: EditPorts,
): Promise<Answer<Omit<CommitRequest, 'parent'>>> {
  const { git } = pass;
  const loaded = await desiredAt(tip, pass);
  const base = { tip, files: await git.readTree(tip), loaded };
  const edited = await editedFiles(edit, base, { ...pass, random });
  if (!edited.ok) return edited;
  const { changes, subject, action, bottle, reverts = null } = edited.value;
  const slug = bottle === null ? null : (parseBottleName(bottle) ?? null);
  const message = commitMessage({
    kind: 'edit',
    action,
    bottle: slug,
    operator,
    summary: subject,
    reverts,
  });
  const below = new Map([...changes].map(([path, text]) => [`${git.folder}/${path}`, text]));
  return { ok: true, value: { changes: below, ...message } };
}
