import { parseEgressBlock } from '../egress-block-input.ts';
import { LIMITS } from '../limits.ts';
import { JUSTIFICATION, type ProposePorts, propose } from './propose.ts';
import type { Tool } from './tool.ts';

/** The tool that an agent calls when egress refused a request. */
export function egressBlockTool(ports: ProposePorts): Tool {
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
        justification: JUSTIFICATION,
      },
      required: ['host', 'justification'],
      additionalProperties: false,
    },
    readOnly: false,
    call: (input, call) => propose(ports, parseEgressBlock(input), call),
  };
}
