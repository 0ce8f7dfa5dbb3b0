import type { Clock } from '../../model/clock.ts';
import { parseEgressBlock } from '../egress-block-input.ts';
import { LIMITS } from '../limits.ts';
import type { ProposalQueue } from '../proposal-queue.ts';
import { badInput, refusal } from './bad-input.ts';
import { proposalAnswer } from './proposal-answer.ts';
import type { Tool } from './tool.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/** The tool that an agent calls when egress refused a request. */
export function egressBlockTool(ports: {
  readonly queue: ProposalQueue;
  readonly clock: Clock;
}): Tool {
  return {
    name: 'egress-block',
    title: 'Propose an egress route',
    description:
      'Ask the operator to allow requests that the egress proxy refused (HTTP 403 with an egress reason). Ask for the least that the task needs: one host, the path prefixes and the methods. Returns the decision, or status "pending" with an id for proposal-status when the operator has not decided yet. The present routes are listed by list-egress-routes, with the same field names.',
    inputSchema: {
      type: 'object',
      properties: {
        host: {
          type: 'string',
          maxLength: LIMITS.hostLength,
          description: 'Host name alone, without scheme, port or path: api.example.com',
        },
        path_allowlist: {
          type: 'array',
          items: { type: 'string', maxLength: LIMITS.pathLength },
          maxItems: LIMITS.paths,
          description:
            'Absolute path prefixes, e.g. ["/v1/"] for all below /v1; without it every path is asked for',
        },
        methods: {
          type: 'array',
          items: { type: 'string' },
          maxItems: LIMITS.methods,
          description: 'HTTP methods, e.g. ["GET"]; without it every method is asked for',
        },
        auth: {
          type: 'object',
          properties: {
            scheme: { type: 'string', enum: ['Bearer', 'token', 'Basic'] },
            secret: {
              type: 'string',
              description: 'Name of a secret that the host holds; never a value',
            },
          },
          required: ['scheme', 'secret'],
          additionalProperties: false,
          description:
            'Credential that the proxy should add; ignored when the host has a route already',
        },
        justification: {
          type: 'string',
          maxLength: LIMITS.justificationLength,
          description: 'Why this is needed, for the operator to read',
        },
      },
      required: ['host', 'justification'],
      additionalProperties: false,
    },
    readOnly: false,
    async call(input, call) {
      const parsed = parseEgressBlock(input);
      if (!parsed.ok) return badInput(parsed.problems);
      const submitted = await ports.queue.submit(
        parsed.request,
        parsed.justification,
        call.maxPendingPerBottle,
      );
      if (submitted.kind === 'refused') return refusal(submitted.reason);
      const { proposal } = submitted;
      const record = await waitForAnswer(ports, proposal.id, call);
      return proposalAnswer(record ?? { proposal, response: null, archived: false });
    },
  };
}
