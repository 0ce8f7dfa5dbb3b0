import type { DesiredState } from '../model/desired-state.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { Fingerprint } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeBlock, sanitizeLine } from '../model/sanitize.ts';
import { describeChange, effectiveChange } from './effective-change.ts';
import type { ProposedEdit } from './proposal-to-edit.ts';
import { riskNotes } from './risk-notes.ts';
import { unifiedDiff } from './unified-diff.ts';

/** What an operator decides on; every text may be shown on a terminal. */
export interface Review {
  readonly diff: string;
  /** Everything that it adds in sum, in words; empty when all of it is allowed already. */
  readonly effective: readonly string[];
  readonly risks: readonly string[];
  /** Binds a decision to what was seen, the proposal and its diff: a branch that moved elsewhere changes neither. */
  readonly seen: Fingerprint;
}

/** Shows what approving `proposal` means. Pure: equal inputs give an equal `seen`. */
export function reviewProposal(input: {
  readonly proposal: Proposal;
  readonly edit: ProposedEdit;
  readonly before: DesiredState;
  readonly after: DesiredState;
}): Review {
  const { proposal, edit } = input;
  const diff = unifiedDiff(edit.path, edit.before, edit.after);
  const changes = effectiveChange(input.before, input.after);
  return {
    diff: sanitizeBlock(diff),
    effective: describeChange(changes).map((line) => sanitizeLine(line)),
    risks: [
      ...(changes.some(({ bottle }) => bottle === proposal.bottle)
        ? []
        : [`allows nothing new to ${proposal.bottle}`]),
      ...riskNotes(changes, input.before),
    ].map((line) => sanitizeLine(line)),
    seen: fingerprint({ id: proposal.id, diff }),
  };
}

/** `GET, POST api.example.test /v1/ with secret example`: what is asked for, in one line. */
export function summarizeRequest({ request }: Proposal): string {
  const { host, pathAllowlist, methods, auth } = request;
  const parts = [
    methods.length === 0 ? 'any method' : methods.join(', '),
    host,
    pathAllowlist.length === 0 ? '(every path)' : pathAllowlist.join(' '),
    ...(auth === null ? [] : [`with secret ${auth.secret}`]),
  ];
  return sanitizeLine(parts.join(' '));
}
