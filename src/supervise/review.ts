import { assertNever } from '../model/assert-never.ts';
import type { DesiredState } from '../model/desired-state.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { Fingerprint } from '../model/names.ts';
import type { EgressRequest, Proposal, TokenRequest } from '../model/proposal.ts';
import { sanitizeBlock, sanitizeLine } from '../model/sanitize.ts';
import { describeChange, effectiveChange } from './effective-change.ts';
import { imageRisks } from './image-risks.ts';
import { LIMITS } from './limits.ts';
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

/** A Dockerfile and its predecessor, whole, with every character escaped twice. */
const MAX_DIFF = 8 * LIMITS.dockerfileBytes;

/** Shows what approving `proposal` means. Pure: equal inputs give an equal `seen`. */
export function reviewProposal(input: {
  readonly proposal: Proposal;
  readonly edits: readonly ProposedEdit[];
  readonly before: DesiredState;
  readonly after: DesiredState;
}): Review {
  const { proposal, edits } = input;
  const diff = edits.map(({ path, before, after }) => unifiedDiff(path, before, after)).join('');
  const changes = effectiveChange(input.before, input.after);
  return {
    diff: sanitizeBlock(diff, MAX_DIFF),
    effective: describeChange(changes).map((line) => sanitizeLine(line)),
    risks: [
      ...noteOnEffect(proposal, changes),
      ...(proposal.request.tool === 'capability-block'
        ? imageRisks(proposal.request.dockerfile)
        : []),
      ...riskNotes(changes, input.before),
    ].map((line) => sanitizeLine(line)),
    seen: fingerprint({ id: proposal.id, diff }),
  };
}

function noteOnEffect(
  { bottle, request }: Proposal,
  changes: readonly { readonly bottle: string }[],
): readonly string[] {
  if (request.tool === 'egress-token-allow') {
    return [`sends what was found to ${request.host} once: ${request.found.join(', ')}`];
  }
  const isWider = changes.some((change) => change.bottle === bottle);
  return isWider ? [] : [`allows nothing new to ${bottle}`];
}

/** `GET, POST api.example.test /v1/ with secret example`: what is asked for, in one line. */
export function summarizeRequest({ request }: Pick<Proposal, 'request'>): string {
  switch (request.tool) {
    case 'egress-block':
      return sanitizeLine(summarizeRoute(request));
    case 'pipelock-block':
      return sanitizeLine(`all of ${request.host}, for ${request.failedUrl}`);
    case 'capability-block': {
      const lines = request.dockerfile.trimEnd().split('\n').length;
      return `another image, by a Dockerfile of ${lines} ${lines === 1 ? 'line' : 'lines'}`;
    }
    case 'egress-token-allow':
      return sanitizeLine(summarizeHeld(request));
    default:
      return assertNever(request);
  }
}

function summarizeHeld({ method, host, surface, found, context }: TokenRequest): string {
  const around = context === '' ? 'shown only after decoding' : `in “${context}”`;
  return `one held request, ${method} ${host}, with ${found.join(', ')} in its ${surface}, ${around}`;
}

function summarizeRoute({ host, pathAllowlist, methods, auth }: EgressRequest): string {
  const parts = [
    methods.length === 0 ? 'any method' : methods.join(', '),
    host,
    pathAllowlist.length === 0 ? '(every path)' : pathAllowlist.join(' '),
    ...(auth === null ? [] : [`with secret ${auth.secret}`]),
  ];
  return parts.join(' ');
}
