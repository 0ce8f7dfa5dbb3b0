import { proposalAnswer } from './proposal-answer.ts';
import { NOT_AN_ID, PROPOSAL_ID, readProposalId, UNKNOWN_ID } from './proposal-id.ts';
import type { ProposePorts } from './propose.ts';
import type { Tool } from './tool.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/** A controller takes a withdrawal within milliseconds: longer means that none runs. */
const CONFIRMED_WITHIN_SECONDS = 5;

/**
 * The tool that withdraws a proposal. The agent asks, the controller decides: an operator may have been faster, and
 * then that decision stands and is the answer.
 */
export function cancelProposalTool(ports: ProposePorts): Tool {
  return {
    name: 'cancel-proposal',
    title: 'Withdraw a proposal',
    description:
      'Withdraws a pending proposal of this bottle that is not needed any more. When an operator has decided already, that decision stands and is returned.',
    inputSchema: {
      type: 'object',
      properties: { id: PROPOSAL_ID },
      required: ['id'],
      additionalProperties: false,
    },
    readOnly: false,
    async call(input, call) {
      const id = readProposalId(input);
      if (id === undefined) return NOT_AN_ID;
      if (!(await ports.queue.withdraw(id))) return UNKNOWN_ID;
      const record = await waitForAnswer(ports, id, {
        ...call,
        waitSeconds: CONFIRMED_WITHIN_SECONDS,
      });
      return record === null ? UNKNOWN_ID : proposalAnswer(record);
    },
  };
}
