import { loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Random } from '../model/clock.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { parseBottleName } from '../model/names.ts';
import { sanitizeBlock } from '../model/sanitize.ts';
import { preflightOf } from '../reconcilers/preflight.ts';
import { unifiedDiff } from '../supervise/unified-diff.ts';
import type { Answer, EditPreview, FleetEdit } from './api.ts';
import { editFiles } from './fleet-edit.ts';
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
  const load = (tree: ReadonlyMap<string, TreeFile>) =>
    loadDesiredState(tree, policy, { nowMs: clock.nowMs() });
  const before = load(files);
  if (before.desired === null) {
    return invalid(`commit ${tip.slice(0, 12)} is not valid`, before.diagnostics);
  }
  const edited = editFiles(edit, files, before.desired, ports.random);
  if (!edited.ok) return edited;
  const { changes, subject, bottle } = edited.value;
  const after = load(withChanges(files, changes));
  if (after.desired === null) {
    return invalid('with this edit the desired state would not be valid', after.diagnostics);
  }
  const planned = await ports.reconciler.lookAhead({ revision: tip, desired: after.desired });
  return {
    ok: true,
    value: {
      edit: edit.kind === 'add-instance' ? { ...edit, bottle } : edit,
      subject,
      diff: sanitizeBlock([...diffs(files, changes)].join('')),
      plan: planned.plan,
      preflight: preflightOfBottle(bottle, planned),
    },
  };
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

function invalid(message: string, diagnostics: readonly Diagnostic[]): Answer<never> {
  const hint = 'mend the files and commit first; bb validate shows all problems';
  return { ok: false, refusal: { kind: 'invalid', message, hint, diagnostics } };
}
