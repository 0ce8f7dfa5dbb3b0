import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Clock, Random } from '../../model/clock.ts';
import type { SuperviseSettings, SuperviseStatus } from '../../model/sidecar.ts';
import { createMcpListener } from '../../supervise/mcp-listener.ts';
import { createProposalQueue } from '../../supervise/proposal-queue.ts';
import type { QueueFiles } from '../../supervise/queue-files.ts';
import { allTools } from '../../supervise/tools/all-tools.ts';
import type { EgressTableSource } from '../../supervise/tools/list-egress-routes.ts';
import type { Log } from '../json-log.ts';
import type { ListenEndpoint } from '../listen-endpoint.ts';
import { parseSettings } from './settings-file.ts';

export interface SupervisorPorts {
  readonly files: QueueFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly egress: EgressTableSource;
  readonly log: Log;
  readonly report: (status: SuperviseStatus) => void;
}

/**
 * The MCP library takes longer to load than all the rest, and no bottle waits for it: it comes when the bottle is up, or
 * when its agent asks before that.
 */
const LOAD_AFTER_MS = 500;

/**
 * The supervise program of one bottle: settings in, status out, MCP served in between. It listens as soon as it knows
 * which bottle it speaks for, and never again: later settings change the limits of later calls only.
 */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #queueFolder: string;
  readonly #endpoint: ListenEndpoint;
  readonly #instance: string;
  readonly #startedAt: string;
  readonly #ended = new AbortController();
  #settings: SuperviseSettings | null = null;
  #server: Server | null = null;

  constructor(
    ports: SupervisorPorts,
    options: { readonly queueFolder: string; readonly endpoint: ListenEndpoint },
  ) {
    this.#ports = ports;
    this.#queueFolder = options.queueFolder;
    this.#endpoint = options.endpoint;
    this.#instance = Buffer.from(ports.random.bytes(8)).toString('hex');
    this.#startedAt = new Date(ports.clock.nowMs()).toISOString();
    this.#report(null);
  }

  /** Takes the text of a new `settings.json`; text that cannot be taken is reported and changes nothing. */
  load(text: string): void {
    const parsed = parseSettings(text);
    if (!parsed.ok) this.refuse(parsed.reason);
    else if (this.#settings !== null && this.#settings.bottle !== parsed.settings.bottle) {
      this.refuse('settings.json is of another bottle');
    } else {
      this.#settings = parsed.settings;
      if (this.#server === null) this.#listen(parsed.settings);
      else this.#report(null);
    }
  }

  /** Reports why there is nothing to load; what was in force stays. */
  refuse(reason: string): void {
    this.#ports.log('refused', { reason });
    this.#report(reason);
  }

  /** Stops listening and ends what waits. */
  async stop(): Promise<void> {
    this.#ended.abort();
    const server = this.#server;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  #listen({ bottle }: SuperviseSettings): void {
    const { files, clock, random, egress, log } = this.#ports;
    const folder = { path: this.#queueFolder, bottle };
    const queue = createProposalQueue({ files, clock, random }, folder, this.#ended.signal);
    const tools = allTools({ queue, clock, egress });
    const handler = remembered(async () => {
      const { createSuperviseHandler } = await import('../../supervise/mcp-server.ts');
      return createSuperviseHandler(tools, () => this.#limits());
    });
    const server = createMcpListener(async (request) => (await handler()).fetch(request));
    this.#server = server;
    // A port that cannot be had ends the program: PID 1 starts it again, later and later.
    server.listen(this.#endpoint, () => {
      log('listening', { bottle, ...this.#endpoint });
      this.#report(null);
      setTimeout(handler, LOAD_AFTER_MS).unref();
    });
  }

  #limits(): { readonly waitSeconds: number; readonly maxPendingPerBottle: number } {
    const { waitSeconds = 0, maxPendingPerBottle = 0 } = this.#settings ?? {};
    return { waitSeconds, maxPendingPerBottle };
  }

  #report(error: string | null): void {
    const settings = this.#settings;
    const ready = this.#server?.listening === true;
    const address = this.#server?.address();
    this.#ports.report({
      sidecar: 'supervise',
      state: ready ? 'ready' : 'degraded',
      instance: this.#instance,
      startedAt: this.#startedAt,
      generation: ready ? (settings?.generation ?? 0) : 0,
      settingsHash: ready ? (settings?.hash ?? null) : null,
      ...this.#limits(),
      error,
      ...(typeof address === 'object' && address !== null ? { port: address.port } : {}),
    });
  }
}

/** Makes something when it is first asked for, once. */
function remembered<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
