import { InvalidArgumentError } from '@commander-js/extra-typings';

const FACTORS: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `5m`, `250ms`, `1h`, `7d` in milliseconds; a bare number is seconds. */
export function parseDuration(raw: string): number {
  const [, digits = '', unit = 's'] = /^(\d{1,9}(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(raw) ?? [];
  const factor = FACTORS[unit];
  if (digits === '' || factor === undefined) {
    throw new InvalidArgumentError('Use a number and a unit, such as 90s, 5m, 1h or 7d.');
  }
  return Number(digits) * factor;
}

/** `2h` or `7d` ago, a day or an instant, as milliseconds since 1970. */
export function parseSince(raw: string, nowMs: number): number {
  if (/^\d+(?:\.\d+)?(?:s|m|h|d)$/.test(raw)) return nowMs - parseDuration(raw);
  const atMs = /^\d{4}-\d\d-\d\d/.test(raw) ? Date.parse(raw) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw new InvalidArgumentError('Use 2h or 7d, a day as 2026-11-01, or an instant.');
  }
  return atMs;
}

/** A count of lines or events: 1 or more. */
export function parseCount(raw: string): number {
  if (!/^[1-9]\d{0,6}$/.test(raw)) throw new InvalidArgumentError('Use a number of 1 or more.');
  return Number(raw);
}
