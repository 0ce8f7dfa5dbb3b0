import { parseCapabilityBlock } from '../capability-block-input.ts';
import { LIMITS } from '../limits.ts';
import { JUSTIFICATION, type ProposePorts, propose } from './propose.ts';
import type { Tool } from './tool.ts';

/** The tool that asks for another image: a program or library that the present one lacks. */
export function capabilityBlockTool(ports: ProposePorts): Tool {
  return {
    name: 'capability-block',
    title: 'Propose another image',
    description:
      'Ask the operator to rebuild this bottle from another Dockerfile, when a program is missing that cannot be installed from inside. Give the whole text; `ARG BASE` and `FROM $BASE` begin one over the base that images have here. On approval the image is built and this container is replaced: the transcripts of your sessions are kept, other files are not, so push your work first. A build that fails changes nothing.',
    inputSchema: {
      type: 'object',
      properties: {
        dockerfile: {
          type: 'string',
          maxLength: LIMITS.dockerfileBytes,
          description: 'The whole text of the Dockerfile',
        },
        justification: JUSTIFICATION,
      },
      required: ['dockerfile', 'justification'],
      additionalProperties: false,
    },
    readOnly: false,
    call: (input, call) => propose(ports, parseCapabilityBlock(input), call),
  };
}
