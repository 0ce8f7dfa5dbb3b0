import { assertNever } from '../../model/assert-never.ts';
import type { Proposal, ProposalResponse } from '../../model/proposal.ts';
import type { ProposalRecord } from '../queue-folder.ts';
import { requestFields, requestTarget } from '../request-fields.ts';
import type { ToolAnswer } from './tool.ts';

/** What an agent is told about its proposal as it stands. Waiting is no error: the answer says how to ask again. */
export function proposalAnswer(record: ProposalRecord): ToolAnswer {
  const { proposal, response } = record;
  const isRefusal = response !== null && !isInForce(response.state);
  return {
    isError: false,
    message: response === null ? waiting(record) : decided(proposal, response),
    data: {
      status: response?.state ?? 'pending',
      id: proposal.id,
      tool: proposal.request.tool,
      ...requestFields(proposal.request),
      notes: response?.notes ?? null,
      reason: isRefusal ? (response?.notes ?? null) : null,
      final: response?.final ?? null,
      revision: response?.revision ?? null,
    },
  };
}

function isInForce(state: ProposalResponse['state']): boolean {
  return state === 'approved' || state === 'modified';
}

function waiting({ proposal: { id, request }, withdrawn, notice }: ProposalRecord): string {
  if (withdrawn) {
    return `The proposal for ${requestTarget(request)} is withdrawn as soon as the controller looks at it; proposal-status with id ${id} tells.`;
  }
  if (notice !== undefined) {
    return `The proposal for ${requestTarget(request)} is pending. ${notice} Call proposal-status with id ${id} to ask again.`;
  }
  return `The proposal for ${requestTarget(request)} is pending: an operator has not decided yet. Go on with other work and call proposal-status with id ${id} to ask again; proposing the same again changes nothing.`;
}

function decided({ request }: Proposal, { state, notes }: ProposalResponse): string {
  const because = notes === null || notes === '' ? '' : ` Notes: ${notes}`;
  const isImage = request.tool === 'capability-block';
  switch (state) {
    case 'approved':
      if (request.tool === 'egress-token-allow') {
        return `Approved for one request: send the same one to ${request.host} again now.${because}`;
      }
      return isImage
        ? `Approved: this bottle runs on the image that was asked for.${because}`
        : `Approved and in force: retry the request to ${request.host} now.${because}`;
    case 'modified':
      return isImage
        ? `Approved in a changed form: this bottle runs on the image in "final".${because}`
        : `Approved in a changed form and in force: "final" is what was approved instead, and list-egress-routes shows what is allowed now.${because}`;
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
