import type { Clock } from '../../model/clock.ts';
import { LIMITS } from '../limits.ts';
import type { ProposalQueue } from '../proposal-queue.ts';
import type { ParsedInput } from '../tool-input.ts';
import { badInput, refusal } from './bad-input.ts';
import { whyDenied } from './denied-hosts.ts';
import type { EgressTableSource } from './list-egress-routes.ts';
import { proposalAnswer } from './proposal-answer.ts';
import type { ToolAnswer, ToolCall } from './tool.ts';
import { waitForAnswer } from './wait-for-answer.ts';

export interface ProposePorts {
  readonly queue: ProposalQueue;
  readonly clock: Clock;
  readonly egress: EgressTableSource;
}

/** Schema of the field that every proposing tool has. */
export const JUSTIFICATION = {
  type: 'string',
  maxLength: LIMITS.justificationLength,
  description: 'Why this is needed, for the operator to read',
} as const;

/** Queues what was read from a tool's arguments and waits for the operator; bad input, and a host that is
 * denied, queue nothing. */
export async function propose(
  ports: ProposePorts,
  parsed: ParsedInput,
  call: ToolCall,
): Promise<ToolAnswer> {
  if (!parsed.ok) return badInput(parsed.problems);
  const { request, justification } = parsed;
  const denied = await whyDenied(request, ports.egress, call.signal);
  if (denied !== null) return refusal(denied);
  const submitted = await ports.queue.submit(request, justification, call.maxPendingPerBottle);
  if (submitted.kind === 'refused') return refusal(submitted.reason);
  const { proposal } = submitted;
  const record = await waitForAnswer(ports, proposal.id, call);
  return proposalAnswer(record ?? { proposal, response: null, withdrawn: false, archived: false });
}
