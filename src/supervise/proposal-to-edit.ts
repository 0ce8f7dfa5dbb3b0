import { addAllowlistHost, mergeRoute, setInstanceImage, UneditableText } from '../desired/edit.ts';
import { instanceDockerfile } from '../desired/instance-files.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import { assertNever } from '../model/assert-never.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';

/** Where an approval lands: the bottle's own set, or a shared one. */
export type ApprovalScope =
  | { readonly kind: 'instance' }
  | { readonly kind: 'set'; readonly name: string };

/** Where an approval lands, and the instant at which it ends; null = it lasts. */
export interface ApprovalPlace {
  readonly scope: ApprovalScope;
  readonly expires: string | null;
}

/** A file that an approval changes; `before: null` = it is made, equal texts = it allows all of it already. */
export interface ProposedEdit {
  /** Below the desired-state folder. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
}

export type EditOutcome =
  | { readonly kind: 'edit'; readonly edits: readonly ProposedEdit[] }
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
 * for the host, from whatever set, its credential stays as it is and the proposed one is ignored. An image is always
 * the instance's own.
 */
export function proposalToEdit(
  proposal: Proposal,
  files: ReadonlyMap<string, TreeFile>,
  desired: DesiredState,
  { scope, expires }: ApprovalPlace,
): EditOutcome {
  const { bottle, request } = proposal;
  switch (request.tool) {
    case 'egress-block': {
      const auth = hasRoute(desired, bottle, request.host) ? null : request.auth;
      const { host, pathAllowlist, methods } = request;
      const grant = { host, pathAllowlist, methods, auth, expires };
      return editSet('routes', bottle, scope, files, (text) => mergeRoute(text, grant));
    }
    case 'pipelock-block': {
      const { host } = request;
      return editSet('allowlists', bottle, scope, files, (text) =>
        addAllowlistHost(text, { host, expires }),
      );
    }
    case 'capability-block':
      if (scope.kind !== 'instance') {
        return refused('an image is the instance’s own: leave --scope out');
      }
      return expires === null
        ? editImage(bottle, request.dockerfile, files, desired)
        : refused('an image has no end: leave --expires out');
    // The commit alone is the decision: it lets one request go, and the tree stays as it is.
    case 'egress-token-allow':
      return expires === null
        ? { kind: 'edit', edits: [] }
        : refused('one request is let go, once: leave --expires out');
    default:
      return assertNever(request);
  }
}

function editSet(
  folder: 'routes' | 'allowlists',
  bottle: BottleName,
  scope: ApprovalScope,
  files: ReadonlyMap<string, TreeFile>,
  change: (text: string | null) => string,
): EditOutcome {
  const path = `${folder}/${scope.kind === 'instance' ? bottle : scope.name}.yaml`;
  if (!files.has(path) && scope.kind === 'set') {
    return refused(`there is no set ${path}: name one that exists`);
  }
  return editFile(path, files, change);
}

/** The Dockerfile as a file of the instance's own, and the instance pointed at it. */
function editImage(
  bottle: BottleName,
  dockerfile: string,
  files: ReadonlyMap<string, TreeFile>,
  desired: DesiredState,
): EditOutcome {
  const path = instanceDockerfile(bottle);
  const agent = desired.bottles[bottle]?.agent;
  if (agent === undefined) return refused(`bottle ${bottle} is not in the fleet`);
  const others = Object.values(desired.bottles).filter(
    ({ name, spec: { image } }) =>
      name !== bottle && image.kind === 'dockerfile' && image.path === path,
  );
  const [other] = others;
  if (other !== undefined) {
    return refused(`${path} is the image of ${other.name} too: rename that file first`);
  }
  const agentPath = `agents/${agent}.yaml`;
  const image = editFile(path, files, () => dockerfile);
  const pointed = editFile(agentPath, files, (text) => setInstanceImage(text ?? '', bottle, path));
  if (image.kind === 'refused') return image;
  if (pointed.kind === 'refused') return pointed;
  const edits = [...image.edits, ...pointed.edits];
  return { kind: 'edit', edits: edits.filter(({ before, after }) => before !== after) };
}

function editFile(
  path: string,
  files: ReadonlyMap<string, TreeFile>,
  change: (text: string | null) => string,
): EditOutcome {
  const file = files.get(path);
  if (file !== undefined && file.mode !== '100644' && file.mode !== '100755') {
    return refused(`${path} is not a regular file`);
  }
  const before = file === undefined ? null : new TextDecoder().decode(file.bytes);
  try {
    return { kind: 'edit', edits: [{ path, before, after: change(before) }] };
  } catch (error) {
    if (!(error instanceof UneditableText)) throw error;
    return refused(`${path} cannot be edited: ${error.message}`);
  }
}

function hasRoute(desired: DesiredState, bottle: BottleName, host: string): boolean {
  const routes = desired.bottles[bottle]?.spec.egress.routes ?? [];
  return routes.some((route) => route.host === host);
}

function refused(reason: string): EditOutcome {
  return { kind: 'refused', reason };
}
