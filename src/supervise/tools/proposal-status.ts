import type { Clock } from '../../model/clock.ts';
import { parseProposalId } from '../../model/names.ts';
import type { ProposalQueue } from '../proposal-queue.ts';
import { proposalAnswer } from './proposal-answer.ts';
import type { Tool, ToolAnswer } from './tool.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/** The tool that asks again for a proposal that was pending. */
export function proposalStatusTool(ports: {
  readonly queue: ProposalQueue;
  readonly clock: Clock;
}): Tool {
  return {
    name: 'proposal-status',
    title: 'Ask how a proposal stands',
    description:
      'Tells whether a proposal of this bottle is pending, approved, modified, rejected, expired or cancelled, with the notes of the operator. Waits a while for the decision when it is pending.',
    inputSchema: {
      type: 'object',
      properties: {
        id: { type: 'string', description: 'The id that a pending proposal was given' },
      },
      required: ['id'],
      additionalProperties: false,
    },
    readOnly: true,
    async call(input, call) {
      const raw = typeof input === 'object' && input !== null && 'id' in input ? input.id : null;
      const id = typeof raw === 'string' ? parseProposalId(raw.toUpperCase()) : undefined;
      if (id === undefined) return unknown('must be the id that a proposal was given');
      const record = await waitForAnswer(ports, id, call);
      return record === null
        ? unknown('is not the id of a proposal of this bottle')
        : proposalAnswer(record);
    },
  };
}

function unknown(problem: string): ToolAnswer {
  return {
    isError: true,
    message: `id: ${problem}.`,
    data: { status: 'invalid', problems: [{ field: 'id', problem }] },
  };
}
