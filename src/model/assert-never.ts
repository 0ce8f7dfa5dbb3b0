/** Ends an exhaustive `switch`: reaching it is a bug, never bad input. */
export function assertNever(value: never): never {
  throw new Error(`unreachable variant: ${JSON.stringify(value)}`);
}
