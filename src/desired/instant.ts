import { type Parsed, refuse } from './parsed.ts';
import { quote } from './problems.ts';

const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** An RFC 3339 instant, normalised to UTC so that equal instants have equal text. */
export function parseInstant(raw: string): Parsed<string> {
  const atMs = RFC_3339.test(raw) && isRealDay(raw) ? Date.parse(raw) : Number.NaN;
  if (Number.isNaN(atMs)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} is not an instant`,
      'write it like 2026-12-01T00:00:00Z',
    );
  }
  return { ok: true, value: new Date(atMs).toISOString().replace('.000Z', 'Z') };
}

/** `Date.parse` turns 31 February into 3 March. */
function isRealDay(raw: string): boolean {
  const [year = 0, month = 0, day = 0] = raw.slice(0, 10).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
