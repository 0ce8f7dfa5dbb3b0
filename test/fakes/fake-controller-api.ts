import type {
  AgentSummary,
  Answer,
  ApprovalTerms,
  ApproveRequest,
  ControllerApi,
  PlanReport,
  Progress,
  ProposalReview,
  ProposalView,
  ReconcileReport,
  Refusal,
} from '../../src/controller/api.ts';
import type { AuditedDecision } from '../../src/controller/audit/audit-entry.ts';
import type { FleetEvent } from '../../src/model/event.ts';
import type { EditPreview, FleetEdit } from '../../src/model/fleet-edit.ts';
import type { Leftover } from '../../src/model/leftover.ts';
import type { Revision } from '../../src/model/names.ts';
import type { BottleStatus, FleetStatus } from '../../src/model/status.ts';
import {
  bottleStatus,
  condition,
  fleetStatus,
  planReport,
  preflight,
  revision,
} from '../builders/status.ts';

/** Refusals by method: the next call of that name is answered with it. */
type Refusals = { [method in keyof ControllerApi]?: Omit<Refusal, 'diagnostics'> };

/**
 * A controller in memory: a small state machine for tests of the command line and the viewer. It has no engine and no
 * git; what it holds is what it answers, and each decision makes one more commit.
 */
export class FakeControllerApi implements ControllerApi {
  fleet: FleetStatus = fleetStatus();
  agentList: readonly AgentSummary[] = [];
  eventList: readonly FleetEvent[] = [];
  /** Newest first. */
  decisionList: readonly AuditedDecision[] = [];
  leftoverList: readonly Leftover[] = [];
  planned: PlanReport = planReport();
  logLines: readonly string[] = [];
  /** Who follows which log: `dev agent`. */
  readonly logReaders = new Map<string, (line: string) => void>();
  readonly refusals: Refusals = {};
  /** Subjects of the commits that decisions and edits made, oldest first. */
  readonly commits: string[] = [];
  /** Edits that were committed, as they were asked for. */
  readonly edits: FleetEdit[] = [];
  /** Whether a bottle that is started becomes ready. */
  startsReady = true;
  /** Files that every commit leaves as they are in the working tree. */
  dirtyFiles: readonly string[] = [];
  readonly attached: string[] = [];
  readonly endedSessions: string[] = [];
  /** Bottles whose withheld updates were let run. */
  readonly appliedNow: string[] = [];
  isDisposed = false;
  #watchers = new Set<{ tell: (status: FleetStatus) => void; fail: (error: Error) => void }>();
  #reviews = new Map<string, ProposalReview>();
  readonly #deciders = new Map<string, string>();

  /** Changes the fleet as a controller would: every watcher is told. */
  set(change: Partial<FleetStatus>): void {
    this.fleet = { ...this.fleet, ...change };
    for (const { tell } of this.#watchers) tell(this.fleet);
  }

  setBottles(...names: readonly (string | Partial<BottleStatus>)[]): void {
    this.set({
      bottles: names.map((name) => bottleStatus(typeof name === 'string' ? { name } : name)),
    });
  }

  /** A proposal arrives. */
  propose(review: ProposalReview): void {
    this.#reviews.set(review.proposal.id, review);
    this.set({});
  }

  /** Somebody else approves a proposal. */
  decide(id: string, operator: string): void {
    const review = this.#reviews.get(id);
    if (review !== undefined) this.#reviews.set(id, { ...review, state: 'approved' });
    this.#deciders.set(id, operator);
    this.set({});
  }

  /** A proposal is gone. */
  withdraw(id: string): void {
    this.#reviews.delete(id);
    this.set({});
  }

  /** The controller goes away under its watchers. */
  loseWatchers(message: string): void {
    for (const { fail } of this.#watchers) fail(new Error(message));
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  async plan() {
    return this.#answer('plan', () => this.planned);
  }

  async reconcile(
    options: { readonly applyNow?: readonly string[] },
    onProgress: (progress: Progress) => void,
  ) {
    const unknown = options.applyNow?.find((name) => !this.#has(name));
    if (unknown !== undefined) return notFound<ReconcileReport>(unknown);
    return this.#answer('reconcile', () => {
      this.appliedNow.push(...(options.applyNow ?? []));
      return this.#pass(onProgress);
    });
  }

  async status() {
    return this.#answer('status', () => this.fleet);
  }

  async watchStatus(onStatus: (status: FleetStatus) => void, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watcher = { tell: onStatus, fail: reject };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
    try {
      await promise;
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async agents() {
    return this.#answer('agents', () => this.agentList);
  }

  async history({ limit }: { readonly limit: number }) {
    return this.#answer('history', () =>
      this.decisionList.slice(0, limit).map(({ entry }) => entry),
    );
  }

  async decision(name: string) {
    const found = this.decisionList.find(({ entry }) => entry.revision === name);
    return found === undefined
      ? notFound<AuditedDecision>(name)
      : this.#answer('decision', () => found);
  }

  async events({ limit }: { readonly limit: number }) {
    return this.#answer('events', () => this.eventList.slice(-limit));
  }

  async proposals({ all }: { readonly all?: boolean }) {
    return this.#answer('proposals', (): readonly ProposalView[] =>
      [...this.#reviews.values()].filter(({ state }) => all === true || state === 'pending'),
    );
  }

  async review(id: string, { text }: ApprovalTerms = {}) {
    const review = this.#reviews.get(id);
    if (review === undefined) return notFound<ProposalReview>(id);
    const decider = this.#deciders.get(id);
    if (decider !== undefined) {
      const message = `proposal ${id} was approved by ${decider} at noon`;
      return refused<ProposalReview>('conflict', message);
    }
    if (text === undefined) return this.#answer('review', () => review);
    if (!text.startsWith('host: '))
      return refused<ProposalReview>('bad-request', 'host is missing');
    const [host = ''] = text.split('\n');
    return this.#answer('review', () => ({ ...review, summary: `instead ${host}`, text }));
  }

  async approve(request: ApproveRequest, onProgress: (progress: Progress) => void) {
    const seen = this.#reviews.get(request.id)?.seen;
    if (seen !== undefined && request.seen !== undefined && request.seen !== seen) {
      return refused<never>('conflict', 'the branch moved, so the edit is another one now');
    }
    const { scope, expires, operator, text } = request;
    const instead = text === undefined ? undefined : `instead: ${text.split('\n')[0]}`;
    const terms = [instead, scope, expires === undefined ? undefined : `until ${expires}`];
    const words = [operator, ...terms.filter((term) => term !== undefined)].join(', ');
    return this.#decide('approve', request.id, 'approved', words, () =>
      onProgress({ kind: 'stage', text: 'reconciling' }),
    );
  }

  async reject(request: {
    readonly id: string;
    readonly reason: string;
    readonly operator: string;
  }) {
    return this.#decide('reject', request.id, 'rejected', `${request.operator}: ${request.reason}`);
  }

  async previewEdit(edit: FleetEdit) {
    if ('bottle' in edit && edit.kind !== 'add-instance' && !this.#has(edit.bottle)) {
      return notFound<EditPreview>(edit.bottle);
    }
    return this.#answer('previewEdit', () => previewOf(edit, this.planned));
  }

  async edit(edit: FleetEdit, operator: string, onProgress: (progress: Progress) => void) {
    if ('bottle' in edit && edit.kind !== 'add-instance' && !this.#has(edit.bottle)) {
      return notFound<ReconcileReport>(edit.bottle);
    }
    return this.#answer('edit', () => {
      this.commits.push(`${edit.kind} by ${operator}`);
      this.edits.push(edit);
      for (const path of this.dirtyFiles) onProgress({ kind: 'left-in-working-tree', path });
      if (edit.kind === 'add-instance') {
        const { agent, bottle, label } = edit;
        const conditions = [condition('Ready', '', this.startsReady ? 'True' : 'False')];
        const name = bottle ?? `${agent}-00000`;
        const added = bottleStatus({ name, agent, label, conditions });
        this.set({ bottles: [...this.fleet.bottles, added] });
      }
      if (edit.kind === 'remove-instance') {
        this.set({ bottles: this.fleet.bottles.filter(({ name }) => name !== edit.bottle) });
      }
      return this.#pass(onProgress);
    });
  }

  async leftovers() {
    return this.#answer('leftovers', () => this.leftoverList);
  }

  async removeLeftovers(leftovers: readonly Leftover[]) {
    return this.#answer('removeLeftovers', () => {
      this.leftoverList = this.leftoverList.filter((leftover) => !leftovers.includes(leftover));
      return { removed: leftovers.length, failed: [] };
    });
  }

  async attachCommand(
    bottle: string,
    argv: readonly string[],
    options?: { readonly isNew: boolean },
  ) {
    if (!this.#has(bottle)) return notFound<readonly string[]>(bottle);
    return this.#answer('attachCommand', () => {
      this.attached.push(bottle);
      return ['enter', bottle, ...(options?.isNew ? ['new'] : []), ...argv];
    });
  }

  async headlessCommand(bottle: string, text: string) {
    if (!this.#has(bottle)) return notFound<readonly string[]>(bottle);
    return this.#answer('headlessCommand', () => ['prompt', bottle, text]);
  }

  async sessionEnded(bottle: string, exitCode: number) {
    if (!this.#has(bottle)) return notFound<null>(bottle);
    return this.#answer('sessionEnded', () => {
      this.endedSessions.push(`${bottle} ${exitCode}`);
      return null;
    });
  }

  async execCommand(bottle: string, argv: readonly string[]) {
    if (!this.#has(bottle)) return notFound<readonly string[]>(bottle);
    return this.#answer('execCommand', () => ['run', bottle, ...argv]);
  }

  async logs(
    bottle: string,
    component: 'agent' | 'sidecars',
    options: { readonly follow: boolean; readonly tail: number | null },
    onLine: (line: string) => void,
    signal: AbortSignal,
  ) {
    if (!this.#has(bottle)) return notFound<null>(bottle);
    const answer = this.#answer('logs', () => {
      for (const line of this.logLines) onLine(line);
      return null;
    });
    if (!answer.ok || !options.follow) return answer;
    const reader = `${bottle} ${component}`;
    this.logReaders.set(reader, onLine);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    this.logReaders.delete(reader);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }

  #has(name: string): boolean {
    return this.fleet.bottles.some((bottle) => bottle.name === name);
  }

  #pass(onProgress: (progress: Progress) => void): ReconcileReport {
    const { bottles } = this.fleet;
    for (const [index, { name: bottle }] of bottles.entries()) {
      const action = { kind: 'action', id: index + 1, of: bottles.length, bottle } as const;
      onProgress({ ...action, text: 'start agent', state: 'started', detail: null });
      onProgress({ ...action, text: 'start agent', state: 'done', detail: null });
    }
    return {
      revision: this.fleet.revision ?? revision('a'),
      converged: true,
      bottles,
      actions: bottles.length,
      failures: [],
    };
  }

  #decide(
    method: 'approve' | 'reject',
    id: string,
    state: 'approved' | 'rejected',
    words: string,
    before = () => {},
  ) {
    const review = this.#reviews.get(id);
    if (review === undefined) return notFound<never>(id);
    if (review.state !== 'pending') {
      return refused<never>('conflict', `${id} is ${review.state} already`);
    }
    return this.#answer(method, () => {
      before();
      this.#reviews.set(id, { ...review, state });
      this.commits.push(`${state} ${id} (${words})`);
      this.set({});
      const at: Revision = revision('d');
      const left = this.dirtyFiles.length === 0 ? {} : { leftInWorkingTree: this.dirtyFiles };
      return {
        id: review.proposal.id,
        state,
        revision: at,
        commitSubject: `Decide ${id}`,
        ...left,
      };
    });
  }

  #answer<Value>(method: keyof ControllerApi, make: () => Value): Answer<Value> {
    const refusal = this.refusals[method];
    if (refusal === undefined) return { ok: true, value: make() };
    return { ok: false, refusal: { ...refusal, diagnostics: [] } };
  }
}

/** A new bottle gets the name that a controller could have minted. */
function previewOf(edit: FleetEdit, { plan }: PlanReport): EditPreview {
  const made = edit.kind === 'add-instance' ? (edit.bottle ?? `${edit.agent}-4k1zq`) : null;
  const chosen = edit.kind === 'add-instance' ? { ...edit, bottle: made } : edit;
  const unsuspended = edit.kind === 'suspend-instance' && !edit.suspend ? edit.bottle : null;
  const bottle = made ?? unsuspended;
  return {
    edit: chosen,
    subject: `${edit.kind} ${bottle ?? ''}`,
    diff: '',
    plan,
    preflight: bottle === null ? null : preflight(bottle),
  };
}

function notFound<Value>(name: string): Answer<Value> {
  return refused('not-found', `there is no "${name}"`);
}

function refused<Value>(kind: Refusal['kind'], message: string): Answer<Value> {
  return { ok: false, refusal: { kind, message, hint: null, diagnostics: [] } };
}
