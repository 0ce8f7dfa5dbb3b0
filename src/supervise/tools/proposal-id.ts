import { type ProposalId, parseProposalId } from '../../model/names.ts';
import type { ToolAnswer } from './tool.ts';

/** Schema of the field that names a proposal. */
export const PROPOSAL_ID = {
  type: 'string',
  description: 'The id that a pending proposal was given',
} as const;

/** The id among a tool's arguments, in any case of its letters. */
export function readProposalId(input: unknown): ProposalId | undefined {
  const raw = typeof input === 'object' && input !== null && 'id' in input ? input.id : null;
  return typeof raw === 'string' ? parseProposalId(raw.toUpperCase()) : undefined;
}

/** The answer to an id that is none. */
export const NOT_AN_ID: ToolAnswer = invalidId('must be the id that a proposal was given');

/** The answer to an id that nothing in this bottle's queue has. */
export const UNKNOWN_ID: ToolAnswer = invalidId('is not the id of a proposal of this bottle');

function invalidId(problem: string): ToolAnswer {
  return {
    isError: true,
    message: `id: ${problem}.`,
    data: { status: 'invalid', problems: [{ field: 'id', problem }] },
  };
}
