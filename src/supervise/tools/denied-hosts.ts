import type { DenyEntry } from '../../model/egress-route.ts';
import { coversHost } from '../../model/host-name.ts';
import type { ProposalRequest } from '../../model/proposal.ts';
import type { EgressTableSource } from './list-egress-routes.ts';

/**
 * Why a request is not worth proposing: the live table denies its host, and no approval goes over that. Null as well
 * where egress cannot be asked: then the controller refuses the approval.
 */
export async function whyDenied(
  request: ProposalRequest,
  egress: EgressTableSource,
  signal: AbortSignal,
): Promise<string | null> {
  if (!('host' in request)) return null;
  const denial = deniedHosts(await egress.read(signal).catch(() => null)).find(({ host }) =>
    coversHost(host, request.host),
  );
  if (denial === undefined) return null;
  const because = denial.reason === null ? '' : ` (${denial.reason})`;
  return `${request.host} is denied by ${denial.file}${because}, and no approval goes over that`;
}

/** What a table of egress denies; nothing for what is no table. */
export function deniedHosts(table: unknown): readonly DenyEntry[] {
  const { deny } = Object(table);
  // Our own program in the same component wrote this from the table that the controller rendered.
  return Array.isArray(deny) ? (deny as readonly DenyEntry[]) : [];
}
