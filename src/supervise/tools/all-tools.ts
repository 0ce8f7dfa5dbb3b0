import type { Clock } from '../../model/clock.ts';
import type { ProposalQueue } from '../proposal-queue.ts';
import { egressBlockTool } from './egress-block.ts';
import { type EgressTableSource, listEgressRoutesTool } from './list-egress-routes.ts';
import { proposalStatusTool } from './proposal-status.ts';
import type { Tool } from './tool.ts';

/** The tools that one bottle's agent has, in the order in which it sees them. */
export function allTools(ports: {
  readonly queue: ProposalQueue;
  readonly clock: Clock;
  readonly egress: EgressTableSource;
}): readonly Tool[] {
  return [egressBlockTool(ports), listEgressRoutesTool(ports.egress), proposalStatusTool(ports)];
}
