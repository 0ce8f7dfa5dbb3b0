import type { Journal } from '../../backends/simulated/journal.ts';
import type { SimulatedSidecarStore } from './simulated-sidecar-files.ts';

interface Entry {
  readonly key: string;
  /** Null = gone. */
  readonly text: string | null;
}

/** Texts by key that outlive their process in a journal: what simulated sidecars report. */
export class JournalledTexts implements SimulatedSidecarStore {
  readonly #journal: Journal;
  readonly #texts = new Map<string, string>();

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const line of journal.read()) this.#replay(JSON.parse(line) as Entry);
  }

  keys(): Iterable<string> {
    return this.#texts.keys();
  }

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  set(key: string, text: string): void {
    this.#write({ key, text });
  }

  delete(key: string): void {
    if (this.#texts.has(key)) this.#write({ key, text: null });
  }

  /** Lines that bring the same texts back. */
  snapshot(): readonly string[] {
    return [...this.#texts].map(([key, text]) => JSON.stringify({ key, text } satisfies Entry));
  }

  #write(entry: Entry): void {
    this.#replay(entry);
    this.#journal.append(JSON.stringify(entry));
  }

  #replay({ key, text }: Entry): void {
    if (text === null) this.#texts.delete(key);
    else this.#texts.set(key, text);
  }
}
