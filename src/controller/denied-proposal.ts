import { denialOf } from '../desired/deny-list.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { Proposal } from '../model/proposal.ts';

/** Why a commit lets nobody approve this proposal, with the line that says so; null when its host is not denied. */
export function denialOfProposal(
  { bottle: name, request }: Proposal,
  { bottles }: DesiredState,
): { readonly message: string; readonly hint: string } | null {
  const bottle = bottles[name];
  if (bottle === undefined || !('host' in request)) return null;
  const denial = denialOf(bottle.spec.deny, request.host);
  if (denial === undefined) return null;
  const origin = bottle.origins[`deny:${denial.host}`];
  const place = origin === undefined ? denial.file : `${origin.file}:${origin.line}`;
  const because = denial.reason === null ? '' : `: ${denial.reason}`;
  return {
    message: `${request.host} is denied to ${name} by ${place}${because}`,
    hint: `reject the proposal, or take ${denial.host} out of that list first`,
  };
}
