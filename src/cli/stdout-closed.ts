/** Reason of an abort when the reader of stdout went away, as in `bb status | head -1`. */
export const STDOUT_CLOSED = Symbol('stdout closed');
