interface Waiting {
  readonly isAlone: boolean;
  readonly start: () => void;
}

/** Work that may go on together, and work that has to be alone; first come first served. */
export class SharedTurns {
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #isAlone = false;

  async run<Value>(isAlone: boolean, work: () => Promise<Value>): Promise<Value> {
    await new Promise<void>((start) => {
      this.#waiting.push({ isAlone, start });
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#isAlone = false;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const isFree = next.isAlone ? this.#running === 0 : !this.#isAlone;
      if (!isFree) return;
      this.#waiting.shift();
      this.#running += 1;
      this.#isAlone = next.isAlone;
      next.start();
    }
  }
}
