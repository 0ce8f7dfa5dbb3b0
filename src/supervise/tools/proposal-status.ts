import { LIMITS } from '../limits.ts';
import { badInput } from './bad-input.ts';
import { proposalAnswer } from './proposal-answer.ts';
import { NOT_AN_ID, PROPOSAL_ID, readProposalId, UNKNOWN_ID } from './proposal-id.ts';
import type { ProposePorts } from './propose.ts';
import type { Tool } from './tool.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/** The tool that asks again for a proposal that was pending. */
export function proposalStatusTool(ports: ProposePorts): Tool {
  return {
    name: 'proposal-status',
    title: 'Ask how a proposal stands',
    description:
      'Tells whether a proposal of this bottle is pending, approved, modified, rejected, expired or cancelled, with the notes of the operator. Waits a while for the decision when it is pending; waitSeconds says how long.',
    inputSchema: {
      type: 'object',
      properties: {
        id: PROPOSAL_ID,
        waitSeconds: {
          type: 'number',
          minimum: 0,
          maximum: LIMITS.waitSeconds,
          description: 'Longest wait for a decision; 0 answers at once',
        },
      },
      required: ['id'],
      additionalProperties: false,
    },
    readOnly: true,
    async call(input, call) {
      const id = readProposalId(input);
      if (id === undefined) return NOT_AN_ID;
      const waitSeconds = readWait(input, call.waitSeconds);
      if (waitSeconds === null) {
        const problem = `must be a number from 0 to ${LIMITS.waitSeconds}`;
        return badInput([{ field: 'waitSeconds', problem }]);
      }
      const record = await waitForAnswer(ports, id, { ...call, waitSeconds });
      return record === null ? UNKNOWN_ID : proposalAnswer(record);
    },
  };
}

/** Null for anything that is no bounded time. */
function readWait(input: unknown, fallback: number): number | null {
  const raw =
    typeof input === 'object' && input !== null && 'waitSeconds' in input
      ? input.waitSeconds
      : undefined;
  if (raw === undefined) return fallback;
  const isTime = typeof raw === 'number' && raw >= 0 && raw <= LIMITS.waitSeconds;
  return isTime ? raw : null;
}
