import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Whether the tests of whole programs in a terminal can run here. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** A terminal with a shell in it; disposing it ends its own tmux server and nothing else. */
export class Terminal implements Disposable {
  readonly #socket: string;

  /** The server's socket is made in `folder`, which is removed with it. */
  constructor(folder: string, name: string, environment: { readonly [name: string]: string }) {
    this.#socket = join(folder, `${name}.sock`);
    const settings = Object.entries(environment).flatMap(([key, value]) => [
      '-e',
      `${key}=${value}`,
    ]);
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', ...settings, 'sh');
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** `0 1`: not on the alternate screen, cursor shown. */
  modes(): string {
    return this.#tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim();
  }

  shows(text: string | RegExp): Promise<void> {
    const poll = expect.poll(() => this.screen(), { timeout: 15_000 });
    return typeof text === 'string' ? poll.toContain(text) : poll.toMatch(text);
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
