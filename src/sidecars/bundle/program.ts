import { type ChildProcess, type IOType, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { BundleStatus } from '../../model/sidecar.ts';

export type ProgramStatus = BundleStatus['programs'][number];

export interface ProgramOptions {
  readonly name: string;
  /** argv of the program. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Listening sockets that it gets under the same numbers. */
  readonly descriptors?: readonly number[];
  /** One line of its output, or of the bundle about it. */
  readonly onLine: (line: string) => void;
  readonly onChange: () => void;
  /** How long to wait before the nth restart in a row. */
  readonly backoffMs: (failures: number) => number;
}

/** A program that ran this long is not in a crash loop. */
const SETTLED_MS = 10_000;
const MAX_LINE = 16_384;

/**
 * One program of the bundle, kept alive: starting → running → (dies) backing-off → starting …, until `stop`.
 * Its death is its own: nothing here ends another program.
 */
export class Program {
  readonly #options: ProgramOptions;
  #child: ChildProcess | null = null;
  #status: ProgramStatus;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;
  #isRestarting = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#status = { name: options.name, state: 'starting', restarts: 0, lastExit: null };
  }

  get status(): ProgramStatus {
    return this.#status;
  }

  /** Of the process that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const [file, ...argv] = this.#options.command;
    const child = spawn(file, argv, {
      env: this.#options.env,
      stdio: stdioOf(this.#options.descriptors ?? []),
    });
    this.#child = child;
    const startedAtMs = performance.now();
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on('line', (line) =>
        this.#options.onLine(line.slice(0, MAX_LINE)),
      );
    }
    child.once('spawn', () => this.#become({ state: 'running' }));
    child.once('error', (error) => this.#ended(error.message, startedAtMs));
    child.once('exit', (code, signal) => this.#ended(signal ?? `exit ${code}`, startedAtMs));
  }

  /** Passes a signal on; nothing happens while there is no process. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the process, at once and for good, and starts it again without a wait: it did nothing wrong. */
  restart(): void {
    if (this.#child === null) return;
    this.#isRestarting = true;
    this.#child.kill('SIGKILL');
  }

  /** TERM, and KILL after `graceMs`; resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child !== null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(kill);
    }
    this.#become({ state: 'stopped' });
  }

  #ended(lastExit: string, startedAtMs: number): void {
    if (this.#child === null) return;
    this.#child = null;
    if (this.#isStopping) {
      this.#become({ state: 'stopped', lastExit });
      return;
    }
    if (this.#isRestarting) {
      this.#isRestarting = false;
      this.#become({ state: 'starting' });
      this.start();
      return;
    }
    this.#failures = performance.now() - startedAtMs > SETTLED_MS ? 1 : this.#failures + 1;
    const waitMs = this.#options.backoffMs(this.#failures);
    this.#options.onLine(`ended (${lastExit}), starts again in ${waitMs} ms`);
    this.#restart = setTimeout(() => this.start(), waitMs);
    this.#become({ state: 'backing-off', lastExit, restarts: this.#status.restarts + 1 });
  }

  #become(change: Partial<ProgramStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onChange();
  }
}

function stdioOf(descriptors: readonly number[]): StdioOptions {
  const numbered: (IOType | number)[] = ['ignore', 'pipe', 'pipe'];
  for (const descriptor of descriptors) {
    while (numbered.length <= descriptor) numbered.push('ignore');
    numbered[descriptor] = descriptor;
  }
  return numbered;
}
