import type { Progress } from '../controller/api.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { truncateToWidth } from './display-width.ts';
import { formatLeft } from './format-left.ts';
import type { Output } from './output.ts';

type ShownProgress = Exclude<Progress, { readonly kind: 'left-in-working-tree' }>;

/** What a build said last is why it failed, also where nobody wanted to read all of it. */
const KEPT_LINES = 15;

/** Shows a pass as it goes: one line that is rewritten on a terminal, one line for each end elsewhere. */
export class ProgressPrinter implements Disposable {
  readonly #output: Output;
  readonly #running = new Map<number, string>();
  /** By bottle: what its running action said last, oldest first. */
  readonly #said = new Map<string, readonly string[]>();
  #done = 0;
  #painted = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Pass it on as `onProgress`. */
  readonly show = (progress: Progress): void => {
    if (progress.kind === 'left-in-working-tree') {
      this.#warn(formatLeft(progress.path));
      return;
    }
    if (this.#output.quiet) return;
    this.#erase();
    for (const line of this.#lines(progress)) this.#output.line(line);
    this.#paintRunning(progress);
  };

  /** Ends the line in place, so that what follows starts on an empty one. */
  [Symbol.dispose](): void {
    this.#erase();
  }

  #warn(text: string): void {
    this.#erase();
    this.#output.diagnostic(`${this.#output.paintError('yellow', 'note:')} ${text}`);
  }

  #lines(progress: ShownProgress): readonly string[] {
    const { paint, verbose } = this.#output;
    if (progress.kind === 'action') return this.#actionLines(progress);
    const text = sanitizeLine(progress.text);
    if (progress.kind === 'stage') return [paint('bold', text)];
    if (verbose) return [paint('dim', `  ${text}`)];
    const [bottle = ''] = text.split(':', 1);
    this.#said.set(bottle, [...(this.#said.get(bottle) ?? []), text].slice(-KEPT_LINES));
    return [];
  }

  #actionLines(progress: Extract<Progress, { readonly kind: 'action' }>): readonly string[] {
    const { paint } = this.#output;
    const { bottle, text, state, detail, id } = progress;
    const words = `${bottle}: ${sanitizeLine(text)}`;
    if (state === 'started') {
      this.#running.set(id, words);
      return [];
    }
    this.#running.delete(id);
    this.#done += 1;
    const why = detail === null ? '' : ` (${sanitizeLine(detail)})`;
    const said = this.#said.get(bottle) ?? [];
    this.#said.delete(bottle);
    if (state === 'skipped') return [`${paint('yellow', 'skipped')} ${words}${why}`];
    if (state !== 'failed') return [`${paint('green', 'done   ')} ${words}${why}`];
    const told = said.map((line) => paint('dim', `  ${line}`));
    return [...told, `${paint('red', 'failed ')} ${words}${why}`];
  }

  #paintRunning(progress: ShownProgress): void {
    if (!this.#output.isTerminal || this.#running.size === 0 || progress.kind !== 'action') return;
    const text = `${this.#done}/${progress.of} ${[...this.#running.values()].join(' · ')}`;
    this.#output.raw(this.#output.paint('dim', truncateToWidth(text, this.#output.columns - 1)));
    this.#painted = true;
  }

  #erase(): void {
    if (this.#painted) this.#output.raw('\r\x1b[2K');
    this.#painted = false;
  }
}
