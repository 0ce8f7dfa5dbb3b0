import type { Revision } from '../../model/names.ts';
import type {
  ChainOutcome,
  CommitChain,
  CommitRefused,
  CommitRequest,
  CommitUnreachable,
} from '../ports/git.ts';
import type { ChangedFile } from './git-changed-file.ts';
import { CommitMaker, type MadeCommit, moveBranch, type Vouching } from './git-commit.ts';
import { markCommand } from './git-mark.ts';
import type { GitProcess } from './git-process.ts';

/** A repository that has to have commits before the branch here does. */
export interface Upstream {
  /** Gives it a commit and those that lead to it from `base`, as long as its branch is there. Never by force. */
  push(
    revision: Revision,
    base: Revision,
  ): Promise<
    | { readonly kind: 'pushed' }
    | Extract<ChainOutcome, { readonly kind: 'moved' }>
    | CommitUnreachable
    | CommitRefused
  >;
}

export interface ChainPorts {
  readonly git: GitProcess;
  readonly ref: string;
  readonly vouching: Vouching;
  readonly upstream: Upstream | null;
  /** Told of each commit that was made, on a branch or not. */
  readonly onMade: (made: MadeCommit) => void;
  readonly onPublished: (revision: Revision) => void;
  readonly following: (
    revision: Revision,
    files: readonly ChangedFile[],
  ) => () => Promise<readonly string[]>;
}

/**
 * Makes commits by plumbing and publishes them as one step:
 *
 *   (read folders → objects) … → update-ref <newest> <base> (compare-and-swap)
 *
 * A crash before `update-ref` leaves unreferenced objects, which git collects. With the branch it makes marks that the
 * operator's working tree is behind, so that a crash after it is made good by `catchUp`.
 *
 * With an upstream the commits go there first: a crash after the push is made up for by the next fetch.
 */
export class GitChain implements CommitChain {
  readonly #base: Revision;
  readonly #ports: ChainPorts;
  readonly #maker: CommitMaker;
  readonly #made: MadeCommit[] = [];

  constructor(base: Revision, ports: ChainPorts) {
    this.#base = base;
    this.#ports = ports;
    this.#maker = new CommitMaker(ports.git, base, ports.vouching);
  }

  get tip(): Revision {
    return this.#maker.tip;
  }

  async add(request: Omit<CommitRequest, 'parent'>): ReturnType<CommitChain['add']> {
    const made = await this.#maker.make(request);
    if (made.kind === 'refused') return made;
    this.#made.push(made);
    this.#ports.onMade(made);
    return { kind: 'added', revision: made.revision };
  }

  /** @throws Error when nothing was added, or the branch was deleted meanwhile. */
  async publish(): Promise<ChainOutcome> {
    const { git, ref, upstream, onPublished, following } = this.#ports;
    const newest = this.#made.at(-1);
    if (newest === undefined) throw new Error('there is no commit to publish');
    const { revision, subject } = newest;
    const move = { base: this.#base, revision, subject };
    if (upstream === null) {
      const behind = this.#made.filter(({ files }) => files.length > 0);
      const marked = behind.map((made) => markCommand(made.revision));
      const moved = await moveBranch(git, ref, { ...move, marked });
      if (moved !== null) return moved;
    } else {
      const pushed = await upstream.push(revision, this.#base);
      if (pushed.kind !== 'pushed') return pushed;
      // A fetch that was faster brought these commits, and maybe more, already. No working tree follows a mirror.
      await moveBranch(git, ref, { ...move, marked: [] });
    }
    onPublished(revision);
    const follow = this.#made.map((made) => following(made.revision, made.files));
    return { kind: 'committed', follow };
  }
}
