import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../../model/fingerprint.ts';
import type { PipelockStatus } from '../../model/sidecar.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { Program } from '../bundle/program.ts';
import { type PipelockEvent, parsePipelockLine } from './log-line.ts';

export interface PipelockGateOptions {
  /** Path of the real program. */
  readonly program: string;
  /** Writable and private: the configuration that it runs with lies here. */
  readonly folder: string;
  /** Port of its one listener, on loopback: egress is its only client. */
  readonly port: number;
  readonly environment: NodeJS.ProcessEnv;
  /** How long to wait before the nth restart in a row. */
  readonly backoffMs: (failures: number) => number;
  /** One line of the program's output. */
  readonly onLine: (line: string) => void;
  readonly onChange: () => void;
}

/** Longest that a look at a configuration, a reload, or the wait for the listener may take. */
const CHECK_MS = 10_000;
const RELOAD_MS = 2000;
const LISTEN_MS = 10_000;
const RETRY_MS = 10;
const LOOKS = 3;
const MAX_CHECK_OUTPUT = 4096;

type Started = Extract<PipelockEvent, { kind: 'started' }>;

const NOTHING: PipelockStatus = {
  state: 'degraded',
  version: null,
  configHash: null,
  error: null,
  blocked: 0,
};

/**
 * The real pipelock program as the second gate: started with a configuration that it accepted beforehand, told of a new
 * one by SIGHUP, started anew where it refuses to reload, kept alive otherwise.
 *
 * load → check ─► install ─┬─► start ───────────────► started ─► listens ─► in force
 *          └► refused      └─► HUP ─► reloaded ──────────────────────────► in force
 *                                └─► refused, silent ─► start anew ─► …
 *
 * What it runs with is believed from its own log alone, which names the hash of the file.
 */
export class PipelockGate {
  readonly #options: PipelockGateOptions;
  readonly #file: string;
  readonly program: Program;
  #status: PipelockStatus = NOTHING;
  #isStarted = false;
  #starts = 0;
  #wanted: string | null = null;
  #turn: Promise<void> | null = null;
  #onReload: ((event: PipelockEvent) => void) | null = null;
  readonly #ended = new AbortController();

  constructor(options: PipelockGateOptions) {
    this.#options = options;
    this.#file = join(options.folder, 'pipelock.yaml');
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.program = new Program({
      name: 'pipelock',
      command: [options.program, 'run', '-c', this.#file, '-l', `127.0.0.1:${options.port}`],
      env: options.environment,
      backoffMs: options.backoffMs,
      onLine: (line) => {
        this.#read(line);
        options.onLine(line);
      },
      onChange: () => this.#follow(),
    });
  }

  get status(): PipelockStatus {
    return this.#status;
  }

  /** Puts a configuration in force, or says in the status why not; of several in a row the last one counts. */
  load(text: string): void {
    this.#wanted = text;
    this.#turn ??= this.#work().finally(() => {
      this.#turn = null;
    });
  }

  /** Says why there is nothing to load; what is in force stays. */
  refuse(reason: string): void {
    this.#become({ error: reason });
  }

  /** Ends the program; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#ended.abort();
    await this.program.stop(graceMs);
  }

  async #work(): Promise<void> {
    while (this.#wanted !== null && !this.#ended.signal.aborted) {
      const text = this.#wanted;
      this.#wanted = null;
      const refusal = await this.#check(text);
      if (refusal !== null) this.#become({ error: refusal });
      else await this.#install(text);
    }
  }

  /** Null when the program accepts `text`; it lies beside the one in force then. */
  async #check(text: string): Promise<string | null> {
    const candidate = `${this.#file}.next`;
    try {
      writeFileAtomically(candidate, text, 0o600);
      const child = spawn(this.#options.program, ['check', '-c', candidate], {
        env: this.#options.environment,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: CHECK_MS,
        killSignal: 'SIGKILL',
      });
      const said = collect(child);
      const [code] = (await once(child, 'close')) as [number | null];
      if (code === 0) return null;
      return (await said) || `check ended with ${code ?? 'a signal'}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #install(text: string): Promise<void> {
    renameSync(`${this.#file}.next`, this.#file);
    const wanted = sha256(text);
    this.#become({ error: null });
    if (!this.#isStarted) {
      this.#isStarted = true;
      return this.program.start();
    }
    if (this.#status.configHash === wanted) return;
    const reloaded = this.#nextReload();
    this.program.signal('SIGHUP');
    const event = await Promise.race([reloaded, sleep(RELOAD_MS, null)]);
    this.#onReload = null;
    if (event?.kind === 'reloaded' && event.configHash === wanted) return;
    if (this.#ended.signal.aborted) return;
    this.#become({ state: 'degraded', configHash: null });
    this.program.restart();
  }

  #nextReload(): Promise<PipelockEvent> {
    return new Promise((resolve) => {
      this.#onReload = resolve;
    });
  }

  #read(line: string): void {
    const event = parsePipelockLine(line);
    switch (event?.kind) {
      case undefined:
        return;
      case 'started':
        void this.#awaitListener(event);
        return;
      case 'reloaded':
        this.#become({ configHash: event.configHash });
        this.#onReload?.(event);
        return;
      case 'reload-refused':
        this.#onReload?.(event);
        return;
      case 'blocked':
        this.#status = { ...this.#status, blocked: this.#status.blocked + 1 };
    }
  }

  /** A program that could not have the port ends at once: looking again keeps a stranger's listener from being it. */
  async #awaitListener({ version, configHash }: Started): Promise<void> {
    this.#starts += 1;
    const start = this.#starts;
    const until = performance.now() + LISTEN_MS;
    for (let seen = 0; seen < LOOKS; await sleep(RETRY_MS)) {
      seen = (await isListening(this.#options.port)) ? seen + 1 : 0;
      const isSame = start === this.#starts && this.program.status.state === 'running';
      if (!isSame || this.#ended.signal.aborted || performance.now() > until) return;
    }
    this.#become({ state: 'ready', version, configHash });
  }

  /** Nothing is in force from a death until the next process said so. */
  #follow(): void {
    const isGone = this.program.status.state !== 'running';
    this.#become(isGone ? { state: 'degraded', configHash: null } : {});
  }

  #become(change: Partial<PipelockStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onChange();
  }
}

async function collect({ stderr }: ChildProcess): Promise<string> {
  let said = '';
  for await (const chunk of stderr ?? []) {
    if (said.length < MAX_CHECK_OUTPUT) said += String(chunk);
  }
  return said.trim();
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
