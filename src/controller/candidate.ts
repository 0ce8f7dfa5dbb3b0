import { loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import type { Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { proposalToEdit } from '../supervise/proposal-to-edit.ts';
import type { Answer } from './api.ts';
import { resolveTip } from './pass.ts';
import type { Git } from './ports/git.ts';

/** What a proposal would make of the branch's tip: computed, validated, and not committed. */
export interface Candidate {
  readonly tip: Revision;
  /** Path below the desired-state folder. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
  readonly desiredBefore: DesiredState | null;
  readonly desiredAfter: DesiredState;
}

export interface CandidatePorts {
  readonly git: Git;
  readonly policy: HostPolicy;
  readonly clock: Clock;
}

/** Applies the proposal's edit to the files of the tip. A result that would not be valid is a refusal. */
export async function candidateOf(
  proposal: Proposal,
  scope: string,
  ports: CandidatePorts,
): Promise<Answer<Candidate>> {
  const resolved = await resolveTip(ports.git);
  if ('refusal' in resolved) return { ok: false, refusal: resolved.refusal };
  const tip = resolved.revision;
  const files = await ports.git.readTree(tip);
  const edit = proposalToEdit(proposal, files, scope);
  if ('refused' in edit) {
    return {
      ok: false,
      refusal: { kind: 'conflict', message: edit.refused, hint: null, diagnostics: [] },
    };
  }
  const edited = new Map<string, TreeFile>(files);
  edited.set(edit.path, { mode: '100644', bytes: new TextEncoder().encode(edit.after) });
  const options = { nowMs: ports.clock.nowMs() };
  const { desired, diagnostics } = loadDesiredState(edited, ports.policy, options);
  if (desired === null) {
    return {
      ok: false,
      refusal: {
        kind: 'invalid',
        message: `with proposal ${proposal.id} the desired state would not be valid`,
        hint: 'mend the files first, or reject the proposal',
        diagnostics,
      },
    };
  }
  const desiredBefore = loadDesiredState(files, ports.policy, options).desired;
  return { ok: true, value: { tip, ...edit, desiredBefore, desiredAfter: desired } };
}
