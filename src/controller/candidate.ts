import { parseInstant } from '../desired/instant.ts';
import { loadDesiredState } from '../desired/load.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import type { Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { cutShort } from '../supervise/cut-short.ts';
import {
  type ApprovalPlace,
  type ProposedEdit,
  parseApprovalScope,
  proposalToEdit,
} from '../supervise/proposal-to-edit.ts';
import type { Answer, ApprovalTerms, Refusal } from './api.ts';
import { denialOfProposal } from './denied-proposal.ts';
import type { Git } from './ports/git.ts';

/** What a proposal would make of a commit: computed, validated, and not committed. */
export interface Candidate {
  readonly tip: Revision;
  readonly edits: readonly ProposedEdit[];
  readonly before: DesiredState;
  readonly after: DesiredState;
}

export interface CandidatePorts {
  readonly git: Git;
  readonly policy: HostPolicy;
  readonly clock: Clock;
}

/** Applies the proposal's edit to the files of a commit. A result that would not be valid is a refusal. */
export async function candidateOf(
  proposal: Proposal,
  terms: Omit<ApprovalTerms, 'text'>,
  tip: Revision,
  ports: CandidatePorts,
): Promise<Answer<Candidate>> {
  const place = placeOf(terms, ports.clock.nowMs());
  if (!place.ok) return place;
  const files = await ports.git.readTree(tip);
  const options = { nowMs: ports.clock.nowMs() };
  const before = loadDesiredState(files, ports.policy, options);
  if (before.desired === null) {
    return refuse(
      'invalid',
      `commit ${tip.slice(0, 12)} is not valid, so nothing can be approved on top of it`,
      'mend the files and commit; bb validate shows all problems',
      before.diagnostics,
    );
  }
  const denied = denialOfProposal(proposal, before.desired);
  if (denied !== null) return refuse('conflict', denied.message, denied.hint);
  const outcome = proposalToEdit(proposal, files, before.desired, place.value);
  if (outcome.kind === 'refused') return refuse('conflict', outcome.reason, null);
  const { edits } = outcome;
  const edited = new Map<string, TreeFile>(files);
  for (const { path, after } of edits) {
    edited.set(path, { mode: '100644', bytes: new TextEncoder().encode(after) });
  }
  const after = loadDesiredState(edited, ports.policy, options);
  if (after.desired === null) {
    return refuse(
      'invalid',
      `with proposal ${proposal.id} the desired state would not be valid`,
      'mend what it collides with, or reject the proposal',
      after.diagnostics,
    );
  }
  const [cut] = cutShort(before.desired, after.desired);
  if (cut !== undefined) return refuse('conflict', cut, WITHOUT_END);
  return { ok: true, value: { tip, edits, before: before.desired, after: after.desired } };
}

const WITHOUT_END = 'approve it without --expires, or edit that file by hand';

function placeOf(
  { scope: raw = 'instance', expires }: Omit<ApprovalTerms, 'text'>,
  nowMs: number,
): Answer<ApprovalPlace> {
  const scope = parseApprovalScope(raw);
  if (scope === null) {
    const hint = 'use --scope instance, or --scope set:<name> for routes/<name>.yaml';
    return refuse('bad-request', `${sanitizeLine(raw, 60)} is not a scope`, hint);
  }
  if (expires === undefined) return { ok: true, value: { scope, expires: null } };
  const end = parseInstant(expires);
  if (!end.ok) return refuse('bad-request', end.message, end.hint ?? null);
  if (Date.parse(end.value) <= nowMs) {
    return refuse('bad-request', `${end.value} is over already`, 'name an end that is to come');
  }
  return { ok: true, value: { scope, expires: end.value } };
}

function refuse(
  kind: Refusal['kind'],
  message: string,
  hint: string | null,
  diagnostics: readonly Diagnostic[] = [],
): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics } };
}
