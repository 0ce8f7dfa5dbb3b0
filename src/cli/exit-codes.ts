/** What `bb` tells a script when it ends; the table is in `docs/cli.md`. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Bad usage, or desired state that is not valid. */
  invalid: 2,
  /** `bb plan --detailed-exitcode`: something would change. */
  differences: 3,
  /** Something waits for an operator. */
  waiting: 4,
  interrupted: 130,
} as const;

/** One of `EXIT`, or the exit code of a program that `bb exec` ran. */
export type ExitCode = number;
