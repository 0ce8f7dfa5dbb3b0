import { loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Random } from '../model/clock.ts';
import type { EditPreview, FleetEdit } from '../model/fleet-edit.ts';
import { parseBottleName } from '../model/names.ts';
import { sanitizeBlock } from '../model/sanitize.ts';
import { preflightOf } from '../reconcilers/preflight.ts';
import { unifiedDiff } from '../supervise/unified-diff.ts';
import type { Answer } from './api.ts';
import { editedFiles } from './edited-files.ts';
import type { EditedFiles } from './fleet-edit.ts';
import { notEnforced } from './not-enforced.ts';
import { type PassPorts, type PassResult, resolveTip } from './pass.ts';
import type { Reconciler } from './reconciler.ts';

export interface PreviewPorts {
  readonly pass: PassPorts;
  readonly random: Random;
  readonly reconciler: Reconciler;
}

/**
 * Computes an operator's edit on the tip, validates the result and plans it. Commits nothing and leaves nothing: a name
 * that is minted here is in the `edit` that it gives back, for the caller to commit as it was seen.
 */
export async function previewEdit(
  edit: FleetEdit,
  ports: PreviewPorts,
): Promise<Answer<EditPreview>> {
  const { git, policy, clock } = ports.pass;
  const resolved = await resolveTip(git);
  if ('refusal' in resolved) return { ok: false, refusal: resolved.refusal };
  const tip = resolved.revision;
  const files = await git.readTree(tip);
  const loaded = loadDesiredState(files, policy, { nowMs: clock.nowMs() });
  const base = { tip, files, loaded };
  const edited = await editedFiles(edit, base, { ...ports.pass, random: ports.random });
  if (!edited.ok) return edited;
  const { changes, subject, bottle, desired } = edited.value;
  const planned = await ports.reconciler.lookAhead({ revision: tip, desired });
  return {
    ok: true,
    value: {
      edit: chosen(edit, edited.value),
      subject,
      diff: sanitizeBlock([...diffs(files, changes)].join('')),
      plan: planned.plan,
      preflight: preflightOfBottle(bottle, planned),
    },
  };
}

/** The edit with what was minted or looked up for it. */
function chosen(edit: FleetEdit, { bottle, reverts, restores }: EditedFiles): FleetEdit {
  if (edit.kind === 'add-instance') return { ...edit, bottle };
  if (edit.kind === 'restore' && restores !== undefined) return { ...edit, revision: restores };
  return edit.kind === 'rollback' && reverts !== undefined ? { ...edit, target: reverts } : edit;
}

function preflightOfBottle(
  raw: string | null,
  { desired, plan, context }: PassResult,
): EditPreview['preflight'] {
  const name = raw === null ? undefined : parseBottleName(raw);
  const bottle = name === undefined ? undefined : desired.bottles[name];
  if (bottle === undefined) return null;
  return preflightOf(bottle, {
    plan: plan.bottles.find((each) => each.bottle === name) ?? null,
    context,
    notEnforced: notEnforced([bottle.spec], context.host),
  });
}

function* diffs(
  files: ReadonlyMap<string, TreeFile>,
  changes: ReadonlyMap<string, string | null>,
): Generator<string> {
  for (const [path, text] of changes) {
    const file = files.get(path);
    const before = file === undefined ? null : new TextDecoder().decode(file.bytes);
    yield unifiedDiff(path, before, text);
  }
}
