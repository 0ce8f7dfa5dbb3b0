import { assertNever } from '../../model/assert-never.ts';
import type { Proposal, ProposalResponse } from '../../model/proposal.ts';
import type { ProposalRecord } from '../queue-folder.ts';
import type { ToolAnswer } from './tool.ts';

/** What an agent is told about its proposal as it stands. Waiting is no error: the answer says how to ask again. */
export function proposalAnswer(record: ProposalRecord): ToolAnswer {
  const { proposal, response } = record;
  return {
    isError: false,
    message: response === null ? waiting(proposal) : decided(proposal, response),
    data: {
      status: response?.state ?? 'pending',
      id: proposal.id,
      host: proposal.request.host,
      path_allowlist: proposal.request.pathAllowlist,
      methods: proposal.request.methods,
      auth: proposal.request.auth,
      notes: response?.notes ?? null,
      revision: response?.revision ?? null,
    },
  };
}

function waiting({ id, request }: Proposal): string {
  return `The proposal for ${request.host} is pending: an operator has not decided yet. Go on with other work and call proposal-status with id ${id} to ask again; proposing the same again changes nothing.`;
}

function decided({ request }: Proposal, { state, notes }: ProposalResponse): string {
  const because = notes === null || notes === '' ? '' : ` Notes: ${notes}`;
  switch (state) {
    case 'approved':
      return `Approved and in force: retry the request to ${request.host} now.${because}`;
    case 'modified':
      return `Approved in a changed form and in force: call list-egress-routes to see what ${request.host} allows now.${because}`;
    case 'rejected':
      return `Rejected by the operator: do not propose this again, look for another way.${because}`;
    case 'expired':
      return `Expired without a decision: propose again when it is still needed.${because}`;
    case 'cancelled':
      return `Cancelled: nothing was changed.${because}`;
    default:
      return assertNever(state);
  }
}
