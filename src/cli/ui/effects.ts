import type {
  Answer,
  ControllerApi,
  Decision,
  Progress,
  ProposalReview,
} from '../../controller/api.ts';
import { assertNever } from '../../model/assert-never.ts';
import type { FleetEdit } from '../../model/fleet-edit.ts';
import { approveAll } from '../approve-all.ts';
import { counted } from '../counted.ts';
import { formatLeft } from '../format-left.ts';
import { readTopic } from './topic-source.ts';
import type { ViewerPorts } from './viewer.ts';
import type { ViewerEffect, ViewerEvent } from './viewer-event.ts';
import type { Message, Topic } from './viewer-state.ts';

/** What effects need of the viewer that they belong to. */
export interface EffectContext {
  readonly ports: Pick<ViewerPorts, 'operator' | 'sleep' | 'ringBell' | 'handOver' | 'editText'>;
  /** Aborts when the operator leaves. */
  readonly left: AbortSignal;
  readonly api: () => ControllerApi | null;
  readonly dispatch: (event: ViewerEvent) => void;
  readonly refresh: () => Promise<void>;
  readonly leave: () => void;
}

const HIGHLIGHT_MS = 5_000;
const RECENT_COMMITS = 200;

/** Does what the reducer asks for: each effect is a command of `bb`, and ends as an event. */
export class Effects {
  readonly #context: EffectContext;
  #stopReading = new AbortController();

  constructor(context: EffectContext) {
    this.#context = context;
  }

  /** A failure is a line of the status, never an exit (R29, D1, D3). */
  async perform(effect: ViewerEffect): Promise<void> {
    try {
      await this.#perform(effect);
    } catch (error) {
      this.#tell('bad', wordsOf(error));
    }
  }

  async #perform(effect: ViewerEffect): Promise<void> {
    const { ports, left, dispatch } = this.#context;
    const { operator } = ports;
    switch (effect.kind) {
      case 'leave':
        return this.#context.leave();
      case 'announce':
        ports.ringBell();
        await ports.sleep(HIGHLIGHT_MS, left);
        return dispatch({ kind: 'highlight-ended', ids: effect.ids });
      case 'review':
        return this.#review(effect.id);
      case 'review-all':
        return this.#reviewAll(effect.ids);
      case 'approve': {
        const { proposal, seen } = effect.review;
        this.#tell('plain', `approving ${proposal.id}…`);
        const instead = effect.instead === null ? {} : { text: effect.instead };
        const request = { id: proposal.id, seen, operator, ...instead };
        const decision = await this.#ask((api) => api.approve(request, this.#showProgress));
        return this.#done(wordsOfDecision(decision), decision.leftInWorkingTree ?? []);
      }
      case 'modify':
        return this.#modify(effect.id);
      case 'approve-all':
        return this.#approveAll(effect.reviews);
      case 'reject': {
        const request = { id: effect.id, reason: effect.reason, operator };
        const decision = await this.#ask((api) => api.reject(request));
        return this.#tell('good', wordsOfDecision(decision));
      }
      case 'list-agents':
        return this.#question(async () => {
          dispatch({ kind: 'agents', agents: await this.#ask((api) => api.agents()) });
        });
      case 'preview':
        return this.#question(() => this.#preview(effect.agent));
      case 'start': {
        this.#tell('plain', `starting ${effect.bottle}…`);
        const kept = await this.#edit(effect.edit);
        dispatch({ kind: 'started', bottle: effect.bottle });
        return this.#done(`started ${effect.bottle}; Enter attaches`, kept);
      }
      case 'stop': {
        this.#tell('plain', `stopping ${effect.bottle}…`);
        const kept = await this.#edit({ kind: 'remove-instance', bottle: effect.bottle });
        return this.#done(`stopped ${effect.bottle}`, kept);
      }
      case 'apply':
        return this.#apply(effect.bottle);
      case 'read':
        return this.#read(effect.topic);
      case 'read-history': {
        const asked = this.#ask((api) => api.history({ limit: RECENT_COMMITS }));
        dispatch({ kind: 'history', entries: await asked.catch(() => null) });
        await asked;
        return;
      }
      case 'stop-reading':
        return this.#stopReading.abort();
      case 'attach': {
        const argv = await this.#ask((api) => api.attachCommand(effect.bottle, []));
        const exitCode = await ports.handOver(argv);
        const how = exitCode === 0 ? '' : ` (exit code ${exitCode})`;
        this.#tell('plain', `back from ${effect.bottle}${how}; it runs on`);
        return this.#context.refresh();
      }
      default:
        return assertNever(effect);
    }
  }

  async #review(id: string): Promise<void> {
    try {
      const review = await this.#ask((api) => api.review(id));
      this.#context.dispatch({ kind: 'reviewed', id, review });
    } catch (error) {
      this.#context.dispatch({ kind: 'review-failed', id, problem: wordsOf(error) });
    }
  }

  /** Asks about what the edited text means; one that asks for the same is no change (R31). */
  async #modify(id: string): Promise<void> {
    const asked = await this.#ask((api) => api.review(id));
    const isImage = asked.proposal.request.tool === 'capability-block';
    const name = `${id}${isImage ? '.Dockerfile' : '.yaml'}`;
    const text = await this.#context.ports.editText(asked.text, name);
    if (text.trim() === asked.text.trim()) {
      return this.#tell('plain', 'unchanged: nothing is approved');
    }
    const review = await this.#ask((api) => api.review(id, { text }));
    this.#context.dispatch({ kind: 'modified', review, text });
  }

  async #reviewAll(ids: readonly string[]): Promise<void> {
    const reviews: ProposalReview[] = [];
    for (const id of ids) reviews.push(await this.#ask((api) => api.review(id)));
    this.#context.dispatch({ kind: 'all-reviewed', reviews });
  }

  async #approveAll(reviews: readonly ProposalReview[]): Promise<void> {
    const { operator } = this.#context.ports;
    const ask = this.#ask.bind(this);
    const onProgress = this.#showProgress;
    const outcome = await approveAll(reviews, { request: { operator }, ask, onProgress });
    const words = `approved ${outcome.count} of ${counted(reviews.length, 'proposal')}`;
    if (outcome.problem !== null) throw new Error(`${words}: ${outcome.problem}`);
    this.#done(words, outcome.leftInWorkingTree);
  }

  async #preview(agent: string): Promise<void> {
    const edit = { kind: 'add-instance', agent, bottle: null, label: null } as const;
    const preview = await this.#ask((api) => api.previewEdit(edit));
    this.#context.dispatch({ kind: 'previewed', agent, preview });
  }

  /** Gives the files that the working tree keeps as they are. */
  async #edit(edit: FleetEdit): Promise<readonly string[]> {
    const { operator } = this.#context.ports;
    const kept: string[] = [];
    const onProgress = (progress: Progress) => {
      if (progress.kind === 'left-in-working-tree') kept.push(progress.path);
      else this.#showProgress(progress);
    };
    const report = await this.#ask((api) => api.edit(edit, operator, onProgress));
    const about = 'bottle' in edit ? edit.bottle : null;
    const failed = report.failures.find(({ bottle }) => bottle === about);
    if (failed !== undefined) throw new Error(`${failed.bottle}: ${failed.message}`);
    return kept;
  }

  async #apply(name: string): Promise<void> {
    this.#tell('plain', `applying the update of ${name}…`);
    const options = { applyNow: [name] };
    const report = await this.#ask((api) => api.reconcile(options, this.#showProgress));
    const failed = report.failures.find(({ bottle }) => bottle === name);
    if (failed !== undefined) throw new Error(`${name}: ${failed.message}`);
    this.#tell('good', `applied the update of ${name}`);
  }

  /** What a question waits for; when it does not come, the question goes. */
  async #question(fetch: () => Promise<void>): Promise<void> {
    try {
      await fetch();
    } catch (error) {
      this.#context.dispatch({ kind: 'question-failed', problem: wordsOf(error) });
    }
  }

  /** One text at a time: the one before it ends. */
  async #read(topic: Topic): Promise<void> {
    this.#stopReading.abort();
    const stop = new AbortController();
    this.#stopReading = stop;
    const signal = AbortSignal.any([this.#context.left, stop.signal]);
    const take = (lines: readonly string[], isWhole: boolean) => {
      if (!signal.aborted) this.#context.dispatch({ kind: 'read', topic, lines, isWhole });
    };
    try {
      await this.#ask((api) => readTopic(api, topic, take, signal));
    } catch (error) {
      if (signal.aborted) return;
      take([], false);
      throw error;
    }
  }

  async #ask<Value>(call: (api: ControllerApi) => Promise<Answer<Value>>): Promise<Value> {
    const api = this.#context.api();
    if (api === null) throw new Error('no controller answers');
    const answer = await call(api);
    if (answer.ok) return answer.value;
    const { message, hint } = answer.refusal;
    throw new Error(hint === null ? message : `${message}; ${hint}`);
  }

  readonly #showProgress = (progress: Progress): void => {
    if (progress.kind === 'action' && progress.state === 'started') {
      this.#tell('plain', `${progress.bottle}: ${progress.text}`);
    }
  };

  /** Success, or what is left for the operator to do after it. */
  #done(text: string, kept: readonly string[]): void {
    const [path] = kept;
    if (path === undefined) this.#tell('good', text);
    else this.#tell('bad', `${text}, but ${formatLeft(path)}`);
  }

  #tell(tone: Message['tone'], text: string): void {
    this.#context.dispatch({ kind: 'told', message: { tone, text } });
  }
}

function wordsOfDecision({ state, decidedBy, commitSubject }: Decision): string {
  return `${state}${decidedBy === undefined ? '' : ` before, by ${decidedBy}`}: ${commitSubject}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
