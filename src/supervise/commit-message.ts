import { assertNever } from '../model/assert-never.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeBlock, sanitizeLine } from '../model/sanitize.ts';
import { summarizeRequest } from './review.ts';

/** What a commit of ours records. Texts come as they were written, by an agent or an operator. */
export type Recorded =
  | {
      readonly kind: 'approve';
      readonly proposal: Proposal;
      readonly operator: string;
      readonly notes: string | null;
    }
  | {
      readonly kind: 'reject';
      readonly proposal: Proposal;
      readonly operator: string;
      readonly reason: string;
    }
  /** An approved change could not be put in force: this takes it back. */
  | {
      readonly kind: 'revert';
      readonly proposal: Proposal;
      readonly operator: string;
      readonly reverts: Revision;
      readonly reason: string;
    }
  /** An operator's own edit, e.g. `stop`. */
  | {
      readonly kind: 'edit';
      readonly action: string;
      readonly bottle: BottleName | null;
      readonly operator: string;
      readonly summary: string;
    };

export interface CommitMessage {
  readonly subject: string;
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

const SUBJECT_LENGTH = 72;
const TRAILER_LENGTH = 300;

/**
 * The message of a commit that records a decision. No text of an agent can end a paragraph, begin a trailer or cut
 * the message: what was written elsewhere is quoted in the body and is one line in a trailer.
 */
export function commitMessage(recorded: Recorded): CommitMessage {
  const { subject, body } = proseOf(recorded);
  return {
    subject: sanitizeLine(subject, SUBJECT_LENGTH),
    body: body.filter((paragraph) => paragraph !== '').join('\n\n'),
    trailers: trailersOf(recorded).map(([name, value]) => [name, trailerValue(value)]),
  };
}

function proseOf(recorded: Recorded): { subject: string; body: readonly string[] } {
  switch (recorded.kind) {
    case 'approve':
      return {
        subject: `Allow ${recorded.proposal.request.host} for ${recorded.proposal.bottle}`,
        body: [asked(recorded.proposal), quoted('The operator:', recorded.notes ?? '')],
      };
    case 'reject':
      return {
        subject: `Reject ${recorded.proposal.request.host} for ${recorded.proposal.bottle}`,
        body: [asked(recorded.proposal), quoted('The operator:', recorded.reason)],
      };
    case 'revert':
      return {
        subject: `Revert ${recorded.proposal.request.host} for ${recorded.proposal.bottle}`,
        body: [
          `This reverts commit ${recorded.reverts}, which could not be put in force.`,
          quoted('Reason:', recorded.reason),
        ],
      };
    case 'edit':
      return { subject: recorded.summary, body: [] };
    default:
      return assertNever(recorded);
  }
}

function asked(proposal: Proposal): string {
  return `Asked for: ${summarizeRequest(proposal)}.\n\n${quoted('The agent:', proposal.justification)}`;
}

/** Quoted lines, so that none is read as a trailer, a heading of ours or the end of the message. */
function quoted(heading: string, text: string): string {
  const lines = sanitizeBlock(text.trim(), 2_000).split('\n');
  return text.trim() === '' ? '' : [heading, ...lines.map((line) => `> ${line}`)].join('\n');
}

function trailersOf(recorded: Recorded): readonly (readonly [string, string])[] {
  if (recorded.kind === 'edit') {
    return [
      ['Bb-Action', recorded.action],
      ...(recorded.bottle === null ? [] : [['Bb-Bottle', recorded.bottle] as const]),
      ['Bb-Operator', recorded.operator],
    ];
  }
  const { proposal } = recorded;
  return [
    ['Bb-Action', recorded.kind],
    ['Bb-Proposal', proposal.id],
    ['Bb-Bottle', proposal.bottle],
    ['Bb-Tool', proposal.request.tool],
    ['Bb-Operator', recorded.operator],
    ...(recorded.kind === 'revert' ? [['Bb-Reverts', recorded.reverts] as const] : []),
    ...(recorded.kind === 'approve' ? [] : [['Bb-Reason', recorded.reason] as const]),
    ['Bb-Justification', proposal.justification],
  ];
}

function trailerValue(raw: string): string {
  return sanitizeLine(raw.replace(/\s+/g, ' ').trim(), TRAILER_LENGTH).trim() || '(none)';
}
