import { type ProposalId, parseProposalId } from '../../src/model/names.ts';
import type { EgressRequest, Proposal, ProposalResponse } from '../../src/model/proposal.ts';
import { bottleName } from './observed.ts';

/** The id whose last characters are `number`; ids sort by it. */
export function proposalId(number = 1): ProposalId {
  const id = parseProposalId(`01J0000000${String(number).padStart(16, '0')}`);
  if (id === undefined) throw new Error(`${number} gives no id`);
  return id;
}

export function proposalRequest(more: Partial<EgressRequest> = {}): EgressRequest {
  return {
    tool: 'egress-block',
    host: 'api.example.test',
    pathAllowlist: ['/v1/'],
    methods: ['GET'],
    auth: null,
    ...more,
  };
}

/** A proposal of `dev` of which every field is valid; a test names only what it is about. */
export function proposal(more: Partial<Proposal> = {}): Proposal {
  return {
    id: proposalId(),
    bottle: bottleName('dev'),
    createdAt: '2026-01-01T00:00:00.000Z',
    request: proposalRequest(),
    justification: 'The task needs the release list',
    ...more,
  };
}

export function proposalResponse(more: Partial<ProposalResponse> = {}): ProposalResponse {
  return {
    id: proposalId(),
    state: 'approved',
    decidedAt: '2026-06-01T00:01:00.000Z',
    operator: 'olga',
    notes: null,
    final: null,
    revision: null,
    ...more,
  };
}
