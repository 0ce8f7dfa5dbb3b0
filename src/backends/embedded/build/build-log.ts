import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { sanitizeLine } from '../../../model/sanitize.ts';

const KEPT_LINES = 40;
/** Nobody reads more, and somebody may keep them. */
const TOLD_LINES = 10_000;
/** A line without an end is cut here. */
const LINE_LENGTH = 4_000;

/** What a build says, line by line, sanitised; its last lines are kept. */
export class BuildLog {
  readonly #onLine: (line: string) => void;
  readonly #tail: string[] = [];
  #told = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  get tail(): readonly string[] {
    return this.#tail;
  }

  say(line: string): void {
    const shown = sanitizeLine(line.trimEnd());
    if (shown === '') return;
    this.#tail.push(shown);
    if (this.#tail.length > KEPT_LINES) this.#tail.shift();
    this.#told += 1;
    if (this.#told <= TOLD_LINES) this.#onLine(shown);
  }

  /** Takes what one program prints. */
  stream(): Writable {
    const decoder = new StringDecoder('utf8');
    let open = '';
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        const lines = `${open}${decoder.write(chunk)}`.split('\n');
        open = lines.pop() ?? '';
        for (const line of lines) this.say(line.slice(0, LINE_LENGTH));
        if (open.length > LINE_LENGTH) {
          this.say(open.slice(0, LINE_LENGTH));
          open = '';
        }
        done();
      },
      final: (done) => {
        this.say(open);
        done();
      },
    });
  }
}
