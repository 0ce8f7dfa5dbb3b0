import type { ProposalId, Revision } from '../model/names.ts';
import { parseProposalId } from '../model/names.ts';
import type { Git, LoggedCommit } from './ports/git.ts';

/** What history says of a proposal. A revert makes it undecided again. */
export type RecordedDecision =
  | { readonly kind: 'approved'; readonly revision: Revision; readonly commit: LoggedCommit }
  | { readonly kind: 'modified'; readonly revision: Revision; readonly commit: LoggedCommit }
  | { readonly kind: 'rejected'; readonly revision: Revision; readonly commit: LoggedCommit };

/**
 * Decisions by proposal, read from the trailers of the branch: git is where a decision is recorded first, so after a
 * crash it is git that tells which proposals still need their answer.
 */
export class DecisionIndex {
  readonly #git: Git;
  #readTo: Revision | null = null;
  #reading: Promise<unknown> = Promise.resolve();
  #decisions = new Map<ProposalId, RecordedDecision>();
  /** Approvals that could not be put in force, whatever was decided after. */
  #reverted = new Set<ProposalId>();

  constructor(git: Git) {
    this.#git = git;
  }

  /** What is recorded on the branch up to `tip` about this proposal. */
  find(id: ProposalId, tip: Revision): Promise<RecordedDecision | null> {
    const found = this.#reading.then(async () => {
      await this.#readUpTo(tip);
      return this.#decisions.get(id) ?? null;
    });
    this.#reading = found.catch(() => undefined);
    return found;
  }

  /** Whether an approval of this proposal had to be taken back, on the branch up to `tip`. */
  async wasReverted(id: ProposalId, tip: Revision): Promise<boolean> {
    await this.find(id, tip);
    return this.#reverted.has(id);
  }

  async #readUpTo(tip: Revision): Promise<void> {
    if (this.#readTo === tip) return;
    // A rewritten history may have dropped decisions: then everything is read again.
    const read = this.#readTo;
    const since = read !== null && (await this.#git.isAncestor(read, tip)) ? read : null;
    const fresh = await this.#git.naming(tip, since);
    if (since === null) {
      this.#decisions = new Map();
      this.#reverted = new Set();
    }
    for (const commit of fresh.toReversed()) this.#read(commit);
    this.#readTo = tip;
  }

  #read(commit: LoggedCommit): void {
    const trailers = new Map(commit.trailers);
    const id = parseProposalId(trailers.get('Bb-Proposal') ?? '');
    if (id === undefined) return;
    const { revision } = commit;
    switch (trailers.get('Bb-Action')) {
      case 'approve':
        this.#decisions.set(id, { kind: 'approved', revision, commit });
        break;
      case 'modify':
        this.#decisions.set(id, { kind: 'modified', revision, commit });
        break;
      case 'reject':
        this.#decisions.set(id, { kind: 'rejected', revision, commit });
        break;
      case 'revert':
        this.#decisions.delete(id);
        this.#reverted.add(id);
        break;
      default:
    }
  }
}
