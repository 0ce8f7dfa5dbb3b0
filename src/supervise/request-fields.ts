import { assertNever } from '../model/assert-never.ts';
import type { ProposalRequest } from '../model/proposal.ts';
import { parseCapabilityBlock } from './capability-block-input.ts';
import { parseEgressBlock } from './egress-block-input.ts';
import { parsePipelockBlock } from './pipelock-block-input.ts';
import { parseTokenAllow } from './token-allow-input.ts';
import type { Fields, ParsedInput } from './tool-input.ts';

export type ProposingTool = ProposalRequest['tool'];

/** A request in the words of its tool: what an agent would write to ask for exactly this. */
export function requestFields(request: ProposalRequest): Fields {
  switch (request.tool) {
    case 'egress-block': {
      const { host, pathAllowlist, methods, auth } = request;
      return { host, path_allowlist: pathAllowlist, methods, auth };
    }
    case 'pipelock-block':
      return { failed_url: request.failedUrl };
    case 'capability-block':
      return { dockerfile: request.dockerfile };
    case 'egress-token-allow': {
      const { tool: _tool, ...fields } = request;
      return fields;
    }
    default:
      return assertNever(request);
  }
}

/** Reads the arguments of a tool that proposes something. */
export function parseRequestFields(tool: ProposingTool, input: unknown): ParsedInput {
  switch (tool) {
    case 'egress-block':
      return parseEgressBlock(input);
    case 'pipelock-block':
      return parsePipelockBlock(input);
    case 'capability-block':
      return parseCapabilityBlock(input);
    case 'egress-token-allow':
      return parseTokenAllow(input);
    default:
      return assertNever(tool);
  }
}

/** What a request is about, in a word or two: its host, or the image. */
export function requestTarget(request: ProposalRequest): string {
  return request.tool === 'capability-block' ? 'another image' : request.host;
}
