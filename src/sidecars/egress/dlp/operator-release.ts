import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProposalId } from '../../../model/names.ts';
import type { ProposalResponse, TokenRequest } from '../../../model/proposal.ts';
import type { SuperviseSettings } from '../../../model/sidecar.ts';
import { diskQueueFiles } from '../../../supervise/disk-queue-files.ts';
import { LIMITS } from '../../../supervise/limits.ts';
import { createProposalQueue, type ProposalQueue } from '../../../supervise/proposal-queue.ts';
import { parseSettings } from '../../supervise/settings-file.ts';
import { systemClock, systemRandom } from '../../supervise/system-ports.ts';
import type { HeldRequest, HeldRequests, Release } from './held-requests.ts';

export interface OperatorReleaseOptions {
  /** The bottle's queue, which supervise and the controller read too; the agent cannot reach it. */
  readonly queueFolder: string;
  /** Input folder of the supervise sidecar: how long to wait, and how many may wait. */
  readonly superviseIn: string;
}

const JUSTIFICATION =
  'egress holds this request: data loss prevention found what is told here. Approving sends it once, as it is.';

/**
 * Holds requests until an operator answers the proposal that it queues for each, as long as calls of the supervise tools
 * wait. An approval lets one request go, with exactly the content that was asked about; the same sent again later finds
 * its answer. Everything else refuses.
 */
export class OperatorRelease implements HeldRequests {
  readonly #options: OperatorReleaseOptions;
  /** Content → the proposal that asked for it and has let nothing go yet. */
  readonly #asked = new Map<string, ProposalId>();
  /** Of this process alone, so that a digest can be compared with nothing. */
  readonly #key = randomBytes(32);
  readonly #ended = new AbortController();
  #queue: ProposalQueue | null = null;

  constructor(options: OperatorReleaseOptions) {
    this.#options = options;
  }

  async hold(held: HeldRequest, signal: AbortSignal): Promise<Release> {
    const settings = await this.#settings();
    if (settings === null) return refused('nobody can be asked yet', 'retry in a moment');
    this.#queue ??= this.#open(settings);
    const request = this.#requestOf(held);
    const asked = await this.#ask(this.#queue, request, settings.maxPendingPerBottle);
    if (typeof asked === 'object') return asked;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), settings.waitSeconds * 1_000);
    const record = await this.#queue
      .waitForAnswer(asked, AbortSignal.any([signal, patience.signal]))
      .finally(() => clearTimeout(timer));
    if (signal.aborted) {
      if (record?.response == null) await this.#takeBack(this.#queue, asked, request.content);
      signal.throwIfAborted();
    }
    const response = record?.response ?? null;
    return response === null ? stillWaits(asked) : this.#answered(asked, request, response);
  }

  /** Stops watching the queue. */
  close(): void {
    this.#ended.abort();
  }

  #open({ bottle }: SuperviseSettings): ProposalQueue {
    const ports = { files: diskQueueFiles, clock: systemClock, random: systemRandom };
    const folder = { path: this.#options.queueFolder, bottle };
    return createProposalQueue(ports, folder, this.#ended.signal);
  }

  /** The proposal that speaks for exactly this content, or why there is none. */
  async #ask(
    queue: ProposalQueue,
    request: TokenRequest,
    maxPending: number,
  ): Promise<ProposalId | Release> {
    const before = this.#asked.get(request.content);
    if (before !== undefined && (await queue.find(before)) !== null) return before;
    const submitted = await queue.submit(request, JUSTIFICATION, maxPending);
    if (submitted.kind === 'refused') {
      return refused(submitted.reason, 'wait until an operator has decided, or send it without');
    }
    this.#asked.set(request.content, submitted.proposal.id);
    return submitted.proposal.id;
  }

  /** One answer lets one request go, also where several with the same content wait. */
  #answered(id: ProposalId, { content }: TokenRequest, response: ProposalResponse): Release {
    const isFirst = this.#asked.get(content) === id;
    this.#asked.delete(content);
    if (response.state !== 'approved') {
      const notes = response.notes === null ? '' : `: ${response.notes}`;
      return refused(`the operator did not let it go${notes}`, 'send the request without it');
    }
    return isFirst
      ? { kind: 'released' }
      : refused('the operator let one such request go, and it is gone', 'send it again to ask');
  }

  /** Nobody waits for it any more. */
  async #takeBack(queue: ProposalQueue, id: ProposalId, content: string): Promise<void> {
    this.#asked.delete(content);
    await queue.withdraw(id);
  }

  #requestOf({ method, host, surface, findings, context, text }: HeldRequest): TokenRequest {
    const found = findings.map(({ detector, rule }) => `${detector}:${rule}`);
    const content = createHmac('sha256', this.#key)
      .update(JSON.stringify([method, host, surface, text]))
      .digest('hex')
      .slice(0, 16);
    return {
      tool: 'egress-token-allow',
      host,
      method,
      surface,
      found: [...new Set(found)].sort().slice(0, LIMITS.findings),
      context: (context ?? '').slice(0, LIMITS.contextLength).toWellFormed(),
      content,
    };
  }

  async #settings(): Promise<SuperviseSettings | null> {
    const path = join(this.#options.superviseIn, 'current', 'settings.json');
    const text = await readFile(path, 'utf8').catch(() => '');
    const parsed = parseSettings(text);
    return parsed.ok ? parsed.settings : null;
  }
}

function refused(reason: string, hint: string): Release {
  return { kind: 'refused', reason, try: hint };
}

function stillWaits(id: ProposalId): Release {
  return refused(
    `proposal ${id} waits for an operator`,
    `call proposal-status with id ${id}; when it is approved, send exactly the same request again`,
  );
}
