import { InvalidArgumentError } from '@commander-js/extra-typings';

const FACTORS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `90s`, `5m`, `250ms`, `1h` in milliseconds; a bare number is seconds. */
export function parseDuration(raw: string): number {
  const [, digits = '', unit = 's'] = /^(\d{1,9}(?:\.\d+)?)(ms|s|m|h)?$/.exec(raw) ?? [];
  const factor = FACTORS[unit];
  if (digits === '' || factor === undefined) {
    throw new InvalidArgumentError('Use a number and a unit, such as 90s, 5m or 1h.');
  }
  return Number(digits) * factor;
}

/** A count of lines or events: 1 or more. */
export function parseCount(raw: string): number {
  if (!/^[1-9]\d{0,6}$/.test(raw)) throw new InvalidArgumentError('Use a number of 1 or more.');
  return Number(raw);
}
