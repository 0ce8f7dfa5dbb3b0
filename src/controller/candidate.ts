import { parseInstant } from '../desired/instant.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
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
import { approvableEdit, approvableTip } from './approvable-tip.ts';
import { denialOfProposal } from './denied-proposal.ts';
import type { Git } from './ports/git.ts';
import type { Reconciler } from './reconciler.ts';

/** What a proposal would make of a commit: computed, validated, and not committed. */
export interface Candidate {
  readonly tip: Revision;
  readonly edits: readonly ProposedEdit[];
  readonly before: DesiredState;
  readonly after: DesiredState;
}

export interface CandidatePorts {
  readonly git: Git;
  readonly clock: Clock;
  readonly reconciler: Pick<Reconciler, 'foresee'>;
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
  const { git, reconciler } = ports;
  const files = await git.readTree(tip);
  const standing = await reconciler.foresee(tip, files);
  const before = approvableTip(proposal, place.value.scope, standing);
  if (!before.ok) return before;
  const denied = denialOfProposal(proposal, before.value);
  if (denied !== null) return refuse('conflict', denied.message, denied.hint);
  const outcome = proposalToEdit(proposal, files, before.value, place.value);
  if (outcome.kind === 'refused') return refuse('conflict', outcome.reason, null);
  const { edits } = outcome;
  const edited = new Map<string, TreeFile>(files);
  for (const { path, after } of edits) {
    edited.set(path, { mode: '100644', bytes: new TextEncoder().encode(after) });
  }
  const paths = edits.map(({ path }) => path);
  const foreseen = await reconciler.foresee(tip, edited);
  const after = approvableEdit(proposal, paths, standing, foreseen);
  if (!after.ok) return after;
  const [cut] = cutShort(before.value, after.value);
  if (cut !== undefined) return refuse('conflict', cut, WITHOUT_END);
  return { ok: true, value: { tip, edits, before: before.value, after: after.value } };
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

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
