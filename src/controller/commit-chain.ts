import { parseDocument } from 'yaml';
import type { Revision } from '../model/names.ts';
import type { Answer, Refusal } from './api.ts';
import { resolveTip } from './pass.ts';
import type { ChainOutcome, CommitChain, CommitRequest, Git, SignPolicy } from './ports/git.ts';

/**
 * What a change makes of one commit; asked again when the branch moved in between. `tip` is the branch's own: with
 * others in the chain `parent` is the last of them, which no branch has yet.
 */
export type ChangeAt = (
  parent: Revision,
  tip: Revision,
) => Promise<Answer<Omit<CommitRequest, 'parent'>>>;

/** A commit that is on the branch while the working tree is behind it. */
export interface CommittedAhead {
  readonly revision: Revision;
  readonly subject: string;
  /** Lets the working tree follow; gives the paths that are left there as they were. */
  readonly follow: () => Promise<readonly string[]>;
}

/** Nothing was committed unless it is `settled`. */
type ChainAttempt =
  /** The branch is elsewhere: what the changes mean there has to be looked at. */
  | { readonly kind: 'moved' }
  /** The remote does not take one of them, and says not of which. */
  | { readonly kind: 'not-together' }
  | { readonly kind: 'settled'; readonly answers: readonly Answer<CommittedAhead>[] };

/** A change as a commit of the chain, or why it is none; `isFirst` = no other change had a part in that. */
type Link = Answer<Pick<CommittedAhead, 'revision' | 'subject'>> & { readonly isFirst: boolean };

/**
 * Makes a commit of each change, in order, and publishes them together. One that does not apply is left out, and the
 * others stand; nothing is forced, and the branch has all of them or none. An answer for each change.
 */
export async function attemptChain(git: Git, changes: readonly ChangeAt[]): Promise<ChainAttempt> {
  const resolved = await resolveTip(git);
  if ('refusal' in resolved) {
    return { kind: 'settled', answers: changes.map(() => no(resolved.refusal)) };
  }
  const tip = resolved.revision;
  const sign = await signPolicyAt(tip, git);
  const chain = git.chain(tip);
  const links: Link[] = [];
  for (const changeAt of changes) {
    const isFirst = chain.tip === tip;
    links.push({ isFirst, ...(await link(changeAt, { chain, tip, sign })) });
  }
  const isEmpty = chain.tip === tip;
  const outcome = isEmpty ? ({ kind: 'committed', follow: [] } as const) : await chain.publish();
  if (outcome.kind === 'moved') return { kind: 'moved' };
  if (outcome.kind === 'refused' && changes.length > 1) return { kind: 'not-together' };
  return { kind: 'settled', answers: answersOf(links, outcome) };
}

async function link(
  changeAt: ChangeAt,
  on: { readonly chain: CommitChain; readonly tip: Revision; readonly sign: SignPolicy },
): Promise<Answer<Pick<CommittedAhead, 'revision' | 'subject'>>> {
  const { chain, tip, sign } = on;
  const change = await changeAt(chain.tip, tip);
  if (!change.ok) return change;
  const { subject } = change.value;
  const made = await chain.add({ sign, ...change.value });
  if (made.kind === 'added') return { ok: true, value: { revision: made.revision, subject } };
  return no({ kind: 'source', message: made.message, hint: made.hint, diagnostics: [] });
}

function answersOf(
  links: readonly Link[],
  outcome: Exclude<ChainOutcome, { readonly kind: 'moved' }>,
): readonly Answer<CommittedAhead>[] {
  if (outcome.kind !== 'committed') {
    const { message, hint } = outcome;
    // The remote may have the commits all the same: whoever tries again looks for them in its history first.
    const kind = outcome.kind === 'unreachable' ? 'remote' : 'source';
    const unpublished = no({ kind, message, hint, diagnostics: [] });
    // What did not apply behind commits that came to nothing may apply without them.
    return links.map((each) => (!each.ok && each.isFirst ? each : unpublished));
  }
  const follows = [...outcome.follow];
  return links.map((each) => {
    if (!each.ok) return each;
    return { ok: true, value: { ...each.value, follow: follows.shift() ?? nothingToFollow } };
  });
}

async function nothingToFollow(): Promise<readonly string[]> {
  return [];
}

/** What `audit.signCommits` of the commit says; a file that cannot be read says nothing. */
async function signPolicyAt(tip: Revision, git: Git): Promise<SignPolicy> {
  const file = (await git.readTree(tip)).get('fleet.yaml');
  if (file === undefined) return 'auto';
  const document = parseDocument(new TextDecoder().decode(file.bytes), { logLevel: 'error' });
  const written: unknown = document.getIn(['audit', 'signCommits']);
  return written === 'always' || written === 'never' ? written : 'auto';
}

function no(refusal: Refusal): Answer<never> & { readonly ok: false } {
  return { ok: false, refusal };
}
