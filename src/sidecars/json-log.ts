import { sanitizeLine } from '../model/sanitize.ts';

type LogField = string | number | boolean | null;

/** Writes one JSON line; texts are sanitised, so that no peer can forge lines or reach a terminal. */
export type Log = (message: string, fields?: { readonly [name: string]: LogField }) => void;

/**
 * Lets at most `perSecond` lines through, and says how many it held back: an agent in a loop must not fill the disk of
 * the host with its refusals.
 */
export function withLimit(log: Log, perSecond: number): Log {
  let second = 0;
  let lines = 0;
  return (message, fields) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      const held = lines - perSecond;
      second = now;
      lines = 0;
      if (held > 0) log('lines held back', { count: held });
    }
    lines += 1;
    if (lines <= perSecond) log(message, fields);
  };
}

/** A log on stdout. Callers give no secret values: there is nothing here that would find them. */
export function jsonLog(sidecar: string): Log {
  return (message, fields = {}) => {
    const shown: { [name: string]: LogField } = {
      time: new Date().toISOString(),
      sidecar,
      message,
    };
    for (const [name, value] of Object.entries(fields)) {
      shown[name] = typeof value === 'string' ? sanitizeLine(value) : value;
    }
    process.stdout.write(`${JSON.stringify(shown)}\n`);
  };
}
