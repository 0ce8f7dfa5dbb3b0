import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { covers } from './inherited.ts';
import { launcherProgram } from './launcher-program.ts';
import { notListening } from './listeners.ts';
import { isOnPath } from './on-path.ts';
import { type Launched, NotStarted, START_LIMIT_MS, type Start } from './start.ts';
import { startItems } from './start-items.ts';

/** argv of a launcher for such a sandbox; null where only the chain does. */
export function launcherArgv({
  user,
  place,
}: Pick<Start, 'user' | 'place'>): readonly string[] | null {
  // What begins a scope runs as ourselves, and the launcher is another user before it becomes anything.
  const isAway = user !== null && place.prefix.length > 0;
  return isAway || !isOnPath('perl', process.env['PATH']) ? null : launcherProgram(process.arch);
}

/** Starts a sandbox by the launcher of this process. Throws `NotStarted`, or why its sockets do not listen. */
export function startByLauncher(argv: readonly string[], start: Start): Promise<Launched> {
  if (current === null || current.hasEnded) current = new Launcher(argv);
  return current.start(start);
}

let current: Launcher | null = null;

interface Waiting {
  onStarted(pid: number): void;
  onSaid(text: string): void;
  onClosed(): void;
}

/**
 * A small process that starts sandboxes for this one, which is large: to fork this one takes milliseconds in which it
 * does nothing else. It ends with us, and what it has released does not end with it. Until then it is what its sandboxes
 * are children of, and takes note of their ends.
 */
class Launcher {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended = false;

  constructor([program = '', ...rest]: readonly string[]) {
    const nothing = openSync('/dev/null', 'r');
    try {
      this.#child = spawn(program, rest, {
        // A terminal's interrupt is ours to answer.
        ...{ detached: true, cwd: '/', env: { PATH: process.env['PATH'] } },
        stdio: ['pipe', 'pipe', 'ignore', ...covers(3, nothing)],
      });
    } finally {
      closeSync(nothing);
    }
    const { stdin, stdout } = this.#child;
    if (stdout !== null) createInterface(stdout).on('line', (line) => this.#hear(line));
    stdin?.on('error', () => this.#end());
    this.#child.on('error', () => this.#end()).on('close', () => this.#end());
    this.#hold(false);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  async start(start: Start): Promise<Launched> {
    const id = this.#take();
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    const { promise: ready, resolve } = Promise.withResolvers<string>();
    let pid = 0;
    this.#waiting.set(id, {
      onStarted: (number) => {
        pid = number;
      },
      onSaid: resolve,
      onClosed: () => {
        resolve('');
        onClosed();
      },
    });
    this.#ask(id, startItems(start));
    const timer = setTimeout(() => resolve('!it was not ready in time'), START_LIMIT_MS);
    const said = await ready;
    clearTimeout(timer);
    if (said !== 'x') {
      this.#forget(id, ['kill=1']);
      throw reasonOf(said);
    }
    return {
      pid,
      release: async () => {
        this.#ask(id, ['release=1']);
        await closed;
        if (this.#ended) throw new NotStarted('what was to release it ended');
      },
      abandon: () => this.#forget(id, ['abandon=1']),
    };
  }

  #take(): number {
    this.#hold(true);
    this.#lastId += 1;
    return this.#lastId;
  }

  #forget(id: number, items: readonly string[]): void {
    if (!this.#waiting.has(id)) return;
    this.#ask(id, items);
    this.#close(id);
  }

  #ask(id: number, items: readonly string[]): void {
    if (this.#ended) return;
    const text = [`id=${id}`, ...items].map((item) => `${item}\0`).join('');
    this.#child.stdin?.write(`${text}\0`);
  }

  #hear(line: string): void {
    const [, id, what, text = ''] = /^(\d+) (\w+) (.*)$/.exec(line) ?? [];
    const waiting = this.#waiting.get(Number(id));
    if (what === 'started') waiting?.onStarted(Number(text));
    else if (what === 'said') waiting?.onSaid(text);
    else if (what === 'closed') this.#close(Number(id));
  }

  #close(id: number): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.onClosed();
    if (this.#waiting.size === 0) this.#hold(false);
  }

  /** What it did not release ends with it. */
  #end(): void {
    this.#ended = true;
    this.#child.stdin?.end();
    for (const id of [...this.#waiting.keys()]) this.#close(id);
  }

  /** Keeps this process from ending, or no longer. */
  #hold(isHeld: boolean): void {
    const { stdin, stdout } = this.#child;
    for (const held of [this.#child, stdin as Socket | null, stdout as Socket | null]) {
      if (isHeld) held?.ref();
      else held?.unref();
    }
  }
}

const LISTENING = '!listening: ';

function reasonOf(said: string): Error {
  return said.startsWith(LISTENING)
    ? notListening(said.slice(LISTENING.length))
    : new NotStarted(said.slice(1));
}
