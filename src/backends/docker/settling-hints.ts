import type { BackendHint } from '../backend.ts';

/** After the last event. The second is for an engine that is busy. */
const LOOK_AGAIN_MS = [300, 1_500] as const;

/**
 * Tells each event at once, and to look again when events have been quiet for a moment: an engine tells the end of a
 * container before its list shows it, with nothing to follow (Engine 20.10, a tenth of a second at rest).
 */
export function settlingHints(
  onHint: (hint: BackendHint) => void,
  signal: AbortSignal,
): (hint: BackendHint) => void {
  let timers: readonly NodeJS.Timeout[] = [];
  const forget = (): void => {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
  };
  signal.addEventListener('abort', forget, { once: true });
  return (hint) => {
    onHint(hint);
    forget();
    if (signal.aborted) return;
    // It stands for all that were quiet since.
    const again = { kind: 'look', bottle: null } as const;
    timers = LOOK_AGAIN_MS.map((waitMs) => setTimeout(() => onHint(again), waitMs).unref());
  };
}
