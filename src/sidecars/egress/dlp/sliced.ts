/** Work on a text that may be long. It yields often, and whoever runs it lets others have their turn then. */
export type Sliced<Result> = Generator<void, Result, void>;

/** Runs such work, with turns for others in between. */
export type RunSliced = <Result>(work: Sliced<Result>) => Promise<Result>;

/** Characters that are read between two yields, about. */
export const SLICE = 32 * 1024;

/** Does `read` for one stretch after the other. */
export function* inSlices(
  { length }: { readonly length: number },
  read: (from: number, to: number) => void,
): Sliced<void> {
  for (let from = 0; from < length; from += SLICE) {
    read(from, Math.min(from + SLICE, length));
    yield;
  }
}
