import { canonicalJson } from '../model/fingerprint.ts';
import type { Proposal, ProposalRequest } from '../model/proposal.ts';
import { tooLongToRecord } from '../supervise/approved-instead.ts';
import { parseRequestText } from '../supervise/request-text.ts';
import type { Answer } from './api.ts';

/** A proposal as an operator may approve it: as it was asked, or with another request in its place. */
export interface Approvable {
  readonly proposal: Proposal;
  /** As the agent made it: what history records. */
  readonly asked: Proposal;
  /** Null when it is approved as it was asked. */
  readonly instead: ProposalRequest | null;
}

/** Reads an operator's text by the rules of the tool. Text that asks for the same is refused: it changes nothing. */
export function askedInstead(proposal: Proposal, text: string | undefined): Answer<Approvable> {
  if (text === undefined) return { ok: true, value: { proposal, asked: proposal, instead: null } };
  const parsed = parseRequestText(proposal, text);
  if (!parsed.ok) {
    const reasons = parsed.problems.map(({ field, problem }) => `${field} ${problem}`).join('; ');
    return refuse(`the modified request cannot be taken: ${reasons}`, 'mend it and try again');
  }
  const { request } = parsed;
  if (canonicalJson(request) === canonicalJson(proposal.request)) {
    return refuse('the text asks for the same as the agent did', 'bb approve takes it as it is');
  }
  const problem = tooLongToRecord(request);
  if (problem !== null) return refuse(problem, null);
  const approved = { ...proposal, request };
  return { ok: true, value: { proposal: approved, asked: proposal, instead: request } };
}

function refuse(message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind: 'bad-request', message, hint, diagnostics: [] } };
}
