import type { ProposalRequest } from '../model/proposal.ts';
import { parseRequestFields, requestFields } from './request-fields.ts';

/** Trailer of a commit that approves something else than was asked for: the request, as JSON in ASCII. */
export const INSTEAD = 'Bb-Instead';

/** Longest text of that trailer that every reader of commits takes whole. */
const MAX_LENGTH = 3_900;

/** The trailer, or none: the text of an image is in the commit itself. */
export function formatInstead(request: ProposalRequest): readonly (readonly [string, string])[] {
  if (request.tool === 'capability-block') return [];
  return [[INSTEAD, asciiJson(request)]];
}

/** Why the request cannot be recorded, or null. */
export function tooLongToRecord(request: ProposalRequest): string | null {
  const length = request.tool === 'capability-block' ? 0 : asciiJson(request).length;
  return length <= MAX_LENGTH
    ? null
    : `the modified request takes ${length} characters and a commit records ${MAX_LENGTH}: shorten its paths`;
}

/** The request that the trailer records; null for a value that was not written here. */
export function parseInstead(value: string, tool: ProposalRequest['tool']): ProposalRequest | null {
  try {
    const parsed = parseRequestFields(tool, { ...JSON.parse(value), justification: 'recorded' });
    return parsed.ok ? parsed.request : null;
  } catch {
    return null;
  }
}

function asciiJson(request: ProposalRequest): string {
  return JSON.stringify(requestFields(request)).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
