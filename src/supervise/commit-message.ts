import { assertNever } from '../model/assert-never.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { Proposal, ProposalRequest } from '../model/proposal.ts';
import { sanitizeBlock, sanitizeLine } from '../model/sanitize.ts';
import { formatInstead, INSTEAD } from './approved-instead.ts';
import { requestTarget } from './request-fields.ts';
import { summarizeRequest } from './review.ts';

/** What a commit of ours records. Texts come as they were written, by an agent or an operator. */
export type Recorded =
  | {
      readonly kind: 'approve';
      readonly proposal: Proposal;
      readonly operator: string;
      readonly notes: string | null;
      /** What is approved instead of what was asked for; null = exactly that. */
      readonly instead: ProposalRequest | null;
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
      /** The end of what the failing step printed. */
      readonly log: readonly string[];
    }
  /** What a set allowed until now: the end that it names has come. */
  | {
      readonly kind: 'expire';
      readonly path: string;
      /** Whose own set it is; null when it is shared. */
      readonly bottle: BottleName | null;
      readonly grants: readonly { readonly host: string; readonly endedAt: string }[];
    }
  /** An operator's own edit, e.g. `stop`. */
  | {
      readonly kind: 'edit';
      readonly action: string;
      readonly bottle: BottleName | null;
      readonly operator: string;
      readonly summary: string;
      /** The commit that it takes back. */
      readonly reverts: Revision | null;
    };

export interface CommitMessage {
  readonly subject: string;
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** Trailer of an approval that holds what its operator wrote for the agent. */
const NOTES = 'Bb-Notes';
const READ_BACK: ReadonlySet<string> = new Set([INSTEAD, NOTES, 'Bb-Reason']);

/** Who decides what nobody has to decide. */
const CONTROLLER = 'bb';

const SUBJECT_LENGTH = 72;
const TRAILER_LENGTH = 300;
/** As much as an agent is told of what an operator wrote. */
const WORDS_LENGTH = 500;
/** Forty lines of a build, as wide as a terminal or two. */
const LOG_LENGTH = 8_000;

/**
 * The message of a commit that records a decision. No text of an agent can end a paragraph, begin a trailer or cut
 * the message: what was written elsewhere is quoted in the body and is one line in a trailer.
 */
export function commitMessage(recorded: Recorded): CommitMessage {
  const { subject, body } = proseOf(recorded);
  return {
    subject: sanitizeLine(subject, SUBJECT_LENGTH),
    body: body.filter((paragraph) => paragraph !== '').join('\n\n'),
    trailers: trailersOf(recorded).map(([name, value]) => [
      name,
      // What has to be read back is bounded where it is made.
      READ_BACK.has(name) ? value : trailerValue(value),
    ]),
  };
}

/** What an operator wrote for the agent, as one line that a commit keeps and the answer says. */
export function operatorsWords(raw: string): string {
  return oneLine(raw, WORDS_LENGTH);
}

function proseOf(recorded: Recorded): { subject: string; body: readonly string[] } {
  switch (recorded.kind) {
    case 'approve':
      return {
        subject: approvalSubject(recorded.proposal.bottle, approvedRequest(recorded)),
        body: [
          asked(recorded.proposal),
          recorded.instead === null
            ? ''
            : `Approved instead: ${summarizeRequest({ request: recorded.instead })}.`,
          quoted('The operator:', recorded.notes ?? ''),
        ],
      };
    case 'reject':
      return {
        subject: `Reject ${requestTarget(recorded.proposal.request)} for ${recorded.proposal.bottle}`,
        body: [asked(recorded.proposal), quoted('The operator:', recorded.reason)],
      };
    case 'revert':
      return {
        subject: `Revert ${requestTarget(recorded.proposal.request)} for ${recorded.proposal.bottle}`,
        body: [
          `This reverts commit ${recorded.reverts}, which could not be put in force.`,
          quoted('Reason:', recorded.reason),
          quoted('The end of its log:', recorded.log.join('\n'), LOG_LENGTH),
        ],
      };
    case 'expire': {
      const { grants, bottle, path } = recorded;
      const [only] = grants.length === 1 ? grants : [];
      const what = only === undefined ? `${grants.length} grants` : only.host;
      const ended = grants.map(({ host, endedAt }) => `${host} ended at ${endedAt}`);
      return {
        subject: `End ${what} ${bottle === null ? `in ${path}` : `for ${bottle}`}`,
        body: [quoted(`The end that ${path} names has come:`, ended.join('\n'))],
      };
    }
    case 'edit':
      return {
        subject: recorded.summary,
        body: recorded.reverts === null ? [] : [`This takes back commit ${recorded.reverts}.`],
      };
    default:
      return assertNever(recorded);
  }
}

function approvedRequest(recorded: Extract<Recorded, { kind: 'approve' }>): ProposalRequest {
  return recorded.instead ?? recorded.proposal.request;
}

function approvalSubject(bottle: BottleName, request: ProposalRequest): string {
  switch (request.tool) {
    case 'capability-block':
      return `Change the image of ${bottle}`;
    case 'egress-token-allow':
      return `Let a held request of ${bottle} go to ${request.host}`;
    default:
      return `Allow ${request.host} for ${bottle}`;
  }
}

function asked(proposal: Proposal): string {
  return `Asked for: ${summarizeRequest(proposal)}.\n\n${quoted('The agent:', proposal.justification)}`;
}

/** Quoted lines, so that none is read as a trailer, a heading of ours or the end of the message. */
function quoted(heading: string, text: string, maxLength = 2_000): string {
  const lines = sanitizeBlock(text.trim(), maxLength).split('\n');
  return text.trim() === '' ? '' : [heading, ...lines.map((line) => `> ${line}`)].join('\n');
}

function trailersOf(recorded: Recorded): readonly (readonly [string, string])[] {
  if (recorded.kind === 'expire') {
    return [
      ['Bb-Action', 'expire'],
      ...(recorded.bottle === null ? [] : [['Bb-Bottle', recorded.bottle] as const]),
      ['Bb-Operator', CONTROLLER],
    ];
  }
  if (recorded.kind === 'edit') {
    return [
      ['Bb-Action', recorded.action],
      ...(recorded.bottle === null ? [] : [['Bb-Bottle', recorded.bottle] as const]),
      ['Bb-Operator', recorded.operator],
      ...(recorded.reverts === null ? [] : [['Bb-Reverts', recorded.reverts] as const]),
    ];
  }
  const { proposal } = recorded;
  const instead = recorded.kind === 'approve' ? recorded.instead : null;
  return [
    ['Bb-Action', instead === null ? recorded.kind : 'modify'],
    ['Bb-Proposal', proposal.id],
    ['Bb-Bottle', proposal.bottle],
    ['Bb-Tool', proposal.request.tool],
    ['Bb-Operator', recorded.operator],
    ...(recorded.kind === 'revert' ? [['Bb-Reverts', recorded.reverts] as const] : []),
    ...wordsOf(recorded),
    ...(instead === null ? [] : formatInstead(instead)),
    ['Bb-Justification', proposal.justification],
  ];
}

function wordsOf(
  recorded: Extract<Recorded, { kind: 'approve' | 'reject' | 'revert' }>,
): readonly (readonly [string, string])[] {
  switch (recorded.kind) {
    case 'approve': {
      const notes = operatorsWords(recorded.notes ?? '');
      return notes === '' ? [] : [[NOTES, notes]];
    }
    case 'reject':
      return [['Bb-Reason', operatorsWords(recorded.reason)]];
    case 'revert':
      return [['Bb-Reason', trailerValue(recorded.reason)]];
    default:
      return assertNever(recorded);
  }
}

function trailerValue(raw: string): string {
  return oneLine(raw, TRAILER_LENGTH) || '(none)';
}

function oneLine(raw: string, maxLength: number): string {
  return sanitizeLine(raw.replace(/\s+/g, ' ').trim(), maxLength).trim();
}
