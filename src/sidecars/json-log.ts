import { sanitizeLine } from '../model/sanitize.ts';

export type LogField = string | number | boolean | null;

/** Writes one JSON line; texts are sanitised, so that no peer can forge lines or reach a terminal. */
export type Log = (message: string, fields?: { readonly [name: string]: LogField }) => void;

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
