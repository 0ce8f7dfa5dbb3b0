import { LIMITS } from '../limits.ts';
import { parsePipelockBlock } from '../pipelock-block-input.ts';
import { JUSTIFICATION, type ProposePorts, propose } from './propose.ts';
import type { Tool } from './tool.ts';

/** The tool that asks for a whole host by the URL that failed. */
export function pipelockBlockTool(ports: ProposePorts): Tool {
  return {
    name: 'pipelock-block',
    title: 'Propose a host by the URL that failed',
    description:
      'Ask the operator to add the host of a refused URL to the allowlist of this bottle: every path and method of it. Prefer egress-block where path prefixes and methods are known. The operator reads the whole URL, so leave secrets out of it.',
    inputSchema: {
      type: 'object',
      properties: {
        failed_url: {
          type: 'string',
          maxLength: LIMITS.urlLength,
          description: 'The URL as it was requested: https://files.example.com/v1/a.tar.gz',
        },
        justification: JUSTIFICATION,
      },
      required: ['failed_url', 'justification'],
      additionalProperties: false,
    },
    readOnly: false,
    call: (input, call) => propose(ports, parsePipelockBlock(input), call),
  };
}
