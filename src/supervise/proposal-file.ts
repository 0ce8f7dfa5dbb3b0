import { assertNever } from '../model/assert-never.ts';
import { canonicalJson, type Json } from '../model/fingerprint.ts';
import {
  type BottleName,
  type ProposalId,
  parseProposalId,
  parseRevision,
} from '../model/names.ts';
import type { Proposal, ProposalResponse } from '../model/proposal.ts';
import { type ProposingTool, parseRequestFields } from './request-fields.ts';
import { type Fields, isFields } from './tool-input.ts';

/** A file of the queue as it is meant to be, or why it is not. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: string };

const TOOLS = ['egress-block', 'pipelock-block', 'capability-block', 'egress-token-allow'] as const;
const DECIDED = ['approved', 'modified', 'rejected', 'expired', 'cancelled'] as const;

/** The text of a proposal or response file. */
export function formatQueueFile(content: Proposal | ProposalResponse): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Reads a proposal as if its bottle were hostile: only what the tool itself would have written is taken. */
export function parseProposalFile(
  text: string,
  expected: { readonly id: ProposalId; readonly bottle: BottleName },
): Parsed<Proposal> {
  const raw = parseObject(text);
  if (raw === null) return refused('is not a JSON object');
  if (raw['id'] !== expected.id) return refused('has an id that is not its file name');
  if (raw['bottle'] !== expected.bottle) return refused('claims to be of another bottle');
  const createdAt = parseInstant(raw['createdAt']);
  if (createdAt === null) return refused('has no valid createdAt');
  const stored = raw['request'];
  if (!isFields(stored)) return refused('has no request');
  const tool = TOOLS.find((known) => known === stored['tool']);
  if (tool === undefined) return refused('is of a tool that is not known');
  const justification = raw['justification'];
  const parsed = parseRequestFields(tool, { ...storedFields(tool, stored), justification });
  if (!parsed.ok) {
    const [first] = parsed.problems;
    return refused(`has a bad request: ${first?.field} ${first?.problem}`);
  }
  const { request } = parsed;
  if (canonicalJson(stored as Json) !== canonicalJson(request)) {
    return refused('has a request that is not in canonical form');
  }
  return {
    ok: true,
    value: { ...expected, createdAt, request, justification: parsed.justification },
  };
}

/** The fields of the tool under which they are stored; one too many or too few shows when both are compared. */
function storedFields(tool: ProposingTool, stored: Fields): Fields {
  switch (tool) {
    case 'egress-block': {
      const { host, pathAllowlist: path_allowlist, methods, auth }: Fields = stored;
      return { host, path_allowlist, methods, auth };
    }
    case 'pipelock-block':
      return { failed_url: stored['failedUrl'] };
    case 'capability-block':
      return { dockerfile: stored['dockerfile'] };
    case 'egress-token-allow': {
      const { tool: _tool, ...fields } = stored;
      return fields;
    }
    default:
      return assertNever(tool);
  }
}

/** Reads a response file of the proposal `id`. */
export function parseResponseFile(text: string, id: ProposalId): Parsed<ProposalResponse> {
  const raw = parseObject(text);
  if (raw === null) return refused('is not a JSON object');
  if (raw['id'] !== id) return refused('has an id that is not its file name');
  const state = DECIDED.find((known) => known === raw['state']);
  if (state === undefined) return refused('has no state that ends a proposal');
  const decidedAt = parseInstant(raw['decidedAt']);
  if (decidedAt === null) return refused('has no valid decidedAt');
  const { operator, notes } = raw;
  if (typeof operator !== 'string') return refused('has no operator');
  if (notes !== null && typeof notes !== 'string') return refused('has notes that are no text');
  const revision = typeof raw['revision'] === 'string' ? parseRevision(raw['revision']) : null;
  if (revision === undefined) return refused('has a revision that is no commit id');
  const final = raw['final'] ?? null;
  if (final !== null && typeof final !== 'string')
    return refused('has a final text that is no text');
  return { ok: true, value: { id, state, decidedAt, operator, notes, final, revision } };
}

/** The text of a notice file. */
export function formatNotice(notice: string): string {
  return `${JSON.stringify({ notice })}\n`;
}

/** Null for what is no notice. */
export function parseNotice(text: string): string | null {
  const notice = parseObject(text)?.['notice'];
  return typeof notice === 'string' ? notice : null;
}

/** The proposal that a file name speaks of, and what the file is of it. */
export function parseQueueFileName(
  name: string,
): { readonly id: ProposalId; readonly kind: 'proposal' | 'response' } | null {
  const match = /^([^.]+)\.(proposal|response)\.json$/.exec(name);
  const id = parseProposalId(match?.[1] ?? '');
  if (id === undefined) return null;
  return { id, kind: match?.[2] === 'proposal' ? 'proposal' : 'response' };
}

function parseObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function parseInstant(raw: unknown): string | null {
  if (typeof raw !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(raw)) return null;
  return Number.isNaN(Date.parse(raw)) ? null : raw;
}

function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
