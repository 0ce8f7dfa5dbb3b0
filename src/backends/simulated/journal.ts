/** Where a simulated engine survives its process: one line a change, read back in the order of writing. */
export interface Journal {
  read(): readonly string[];
  append(line: string): void;
}

/** Forgets everything with the process. */
export const NO_JOURNAL: Journal = { read: () => [], append: () => undefined };
