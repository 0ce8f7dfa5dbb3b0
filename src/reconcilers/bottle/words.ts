import type { Change, Impact } from '../../model/action.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';

/** The words of what changed, each once, in the order of `changes`. */
function changeWords(
  changes: readonly Change[],
  origins: DesiredBottle['origins'],
): readonly string[] {
  return [...new Set(changes.map((change) => describeChange(change, origins)))];
}

/** The changes of these impacts as one reason: the first in full, the rest counted. */
export function reasonOf(
  changes: readonly Change[],
  impacts: readonly Impact[],
  origins: DesiredBottle['origins'],
): string {
  const words = changeWords(
    changes.filter((change) => impacts.includes(change.impact)),
    origins,
  );
  const [first = 'it differs', ...rest] = words;
  return rest.length === 0 ? first : `${first}, and ${rest.length} more`;
}

const PARTS: { readonly [segment: string]: string } = {
  provider: 'the provider changed',
  image: 'the image changed',
  prompt: 'the prompt changed',
  gitUser: 'the git identity changed',
  workspace: 'the workspace changed',
  resources: 'the resources changed',
  runtime: 'the runtime changed',
  host: "the host's user or state directory changed",
  sidecars: 'the sidecars image or its place on the host changed',
  networks: 'the pool of networks changed',
  supervise: 'the supervise settings changed',
  upstream: "the host's upstream settings changed",
};

function describeChange(change: Change, origins: DesiredBottle['origins']): string {
  const { operation } = change;
  const [top = '', ...below] = operation.path.slice(1).split('/').map(unescapePointer);
  switch (top) {
    case 'egress':
      return entryWords('route', `route ${below[1] ?? ''}`, change, below.length === 2, origins);
    case 'allowlist':
      return entryWords('allow', `host ${below[0] ?? ''}`, change, below.length === 1, origins);
    case 'deny':
      return entryWords('deny', `denial ${below[0] ?? ''}`, change, below.length === 1, origins);
    case 'env':
      return `variable ${below[0] ?? ''} ${verb(change, below.length <= 1)}`;
    case 'skills':
      return `skill ${below[0] ?? ''} ${verb(change, below.length <= 1)}`;
    case 'secrets':
      return operation.op === 'replace'
        ? `secret ${below[0] ?? ''} has a new value`
        : `secret ${below[0] ?? ''} ${verb(change, true)}`;
    case 'backend':
      return operation.op === 'replace' ? `it moves to ${String(operation.value)}` : 'it moves';
    default:
      return PARTS[top] ?? `${operation.path} changed`;
  }
}

function entryWords(
  kind: 'route' | 'allow' | 'deny',
  subject: string,
  change: Change,
  isWhole: boolean,
  origins: DesiredBottle['origins'],
): string {
  const host = subject.slice(subject.indexOf(' ') + 1);
  const origin = origins[`${kind}:${host}`];
  const place = origin === undefined ? '' : ` (${origin.file}:${origin.line})`;
  // What the commit still has is left out of the table for one reason only.
  const isExpired = isWhole && change.operation.op === 'remove' && origin !== undefined;
  return `${subject} ${isExpired ? 'expired' : verb(change, isWhole)}${place}`;
}

function verb(change: Change, isWhole: boolean): string {
  if (!isWhole) return 'changed';
  switch (change.operation.op) {
    case 'add':
      return 'was added';
    case 'remove':
      return 'was removed';
    default:
      return 'changed';
  }
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
