import { parse, stringify } from 'yaml';
import type { Proposal, ProposalRequest } from '../model/proposal.ts';
import { parseRequestFields, requestFields } from './request-fields.ts';
import { isFields, type ParsedInput } from './tool-input.ts';

/** Longest text that is looked at. */
const MAX_LENGTH = 256 * 1024;

/** A request as an operator edits it and an agent is told it: the Dockerfile itself, or the tool's fields as YAML. */
export function requestText(request: ProposalRequest): string {
  if (request.tool === 'capability-block') return request.dockerfile;
  return stringify(requestFields(request), { lineWidth: 0, nullStr: 'null' });
}

/** Reads an edited text by the same rules as the tool itself; `proposal` is what it stands in for. */
export function parseRequestText(proposal: Proposal, text: string): ParsedInput {
  const { request, justification } = proposal;
  if (text.length > MAX_LENGTH) return invalid('is too long');
  if (request.tool === 'capability-block') {
    return parseRequestFields(request.tool, { dockerfile: text, justification });
  }
  const fields = parseYaml(text);
  if (!isFields(fields)) return invalid('is not the YAML of a request: keep its fields');
  if ('justification' in fields) return invalid('has a justification: that is the agent’s own');
  return parseRequestFields(request.tool, { ...fields, justification });
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { version: '1.2', maxAliasCount: 0, logLevel: 'error' });
  } catch {
    return null;
  }
}

function invalid(problem: string): ParsedInput {
  return { ok: false, problems: [{ field: 'text', problem }] };
}
