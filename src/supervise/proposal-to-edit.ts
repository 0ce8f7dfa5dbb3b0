import { mergeRoute, UneditableText } from '../desired/edit.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { Proposal } from '../model/proposal.ts';

/** Where an approval lands: the bottle's own set, or a shared one. */
export type ApprovalScope =
  | { readonly kind: 'instance' }
  | { readonly kind: 'set'; readonly name: string };

/** The one file that an approval changes; `before: null` = it is made, equal texts = it allows all of it already. */
export interface ProposedEdit {
  /** Below the desired-state folder. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
}

export type EditOutcome =
  | { readonly kind: 'edit'; readonly edit: ProposedEdit }
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads `instance` or `set:<name>`; null for anything else. */
export function parseApprovalScope(raw: string): ApprovalScope | null {
  if (raw === 'instance') return { kind: 'instance' };
  const name = /^set:([a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?)$/.exec(raw)?.[1];
  return name === undefined ? null : { kind: 'set', name };
}

/**
 * The edit that approving `proposal` makes in a commit's `files`, which resolve to `desired`. Comments and order of the
 * file stay; the host is appended, or its paths and methods are united with those it has. Where the bottle has a route
 * for the host, from whatever set, its credential stays as it is and the proposed one is ignored.
 */
export function proposalToEdit(
  proposal: Proposal,
  files: ReadonlyMap<string, TreeFile>,
  desired: DesiredState,
  scope: ApprovalScope,
): EditOutcome {
  const name = scope.kind === 'instance' ? proposal.bottle : scope.name;
  const path = `routes/${name}.yaml`;
  const file = files.get(path);
  if (file === undefined && scope.kind === 'set') {
    return { kind: 'refused', reason: `there is no set ${path}: name one that exists` };
  }
  if (file !== undefined && file.mode !== '100644' && file.mode !== '100755') {
    return { kind: 'refused', reason: `${path} is not a regular file` };
  }
  const before = file === undefined ? null : new TextDecoder().decode(file.bytes);
  const { host, pathAllowlist, methods } = proposal.request;
  const auth = hasRoute(desired, proposal) ? null : proposal.request.auth;
  try {
    const grant = { host, pathAllowlist, methods, auth, expires: null };
    return { kind: 'edit', edit: { path, before, after: mergeRoute(before, grant) } };
  } catch (error) {
    if (!(error instanceof UneditableText)) throw error;
    return { kind: 'refused', reason: `${path} cannot be edited: ${error.message}` };
  }
}

function hasRoute(desired: DesiredState, { bottle, request }: Proposal): boolean {
  const routes = desired.bottles[bottle]?.spec.egress.routes ?? [];
  return routes.some((route) => route.host === request.host);
}
