import { writeStatus } from './atomic-file.ts';

const AGAIN_MS = 1_000;

/** What a sidecar says of itself. A disk that does not take it is told to `onProblem`, and asked again until it does. */
export class StatusReport {
  readonly #folder: string;
  readonly #onProblem: (problem: string) => void;
  #again: NodeJS.Timeout | undefined;

  constructor(folder: string, onProblem: (problem: string) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** In the place of what was said before. */
  tell(status: object): void {
    const isTriedAgain = this.#again !== undefined;
    clearTimeout(this.#again);
    this.#again = undefined;
    try {
      writeStatus(this.#folder, status);
    } catch (error) {
      this.#again = setTimeout(() => this.tell(status), AGAIN_MS);
      if (!isTriedAgain) this.#onProblem(error instanceof Error ? error.message : String(error));
    }
  }
}
