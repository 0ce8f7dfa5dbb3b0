import { cancelProposalTool } from './cancel-proposal.ts';
import { capabilityBlockTool } from './capability-block.ts';
import { egressBlockTool } from './egress-block.ts';
import { listEgressRoutesTool } from './list-egress-routes.ts';
import { pipelockBlockTool } from './pipelock-block.ts';
import { proposalStatusTool } from './proposal-status.ts';
import type { ProposePorts } from './propose.ts';
import type { Tool } from './tool.ts';

/** The tools that one bottle's agent has, in the order in which it sees them. */
export function allTools(ports: ProposePorts): readonly Tool[] {
  return [
    egressBlockTool(ports),
    pipelockBlockTool(ports),
    capabilityBlockTool(ports),
    listEgressRoutesTool(ports.egress),
    proposalStatusTool(ports),
    cancelProposalTool(ports),
  ];
}
