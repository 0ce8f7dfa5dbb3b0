import { InvalidArgumentError } from '@commander-js/extra-typings';

const FACTORS: { readonly [unit: string]: number } = {
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
};

/** The instant `8h`, `30m` or `7d` from now, or one that is written out, as RFC 3339 in whole seconds. */
export function parseEnd(raw: string, nowMs = Date.now()): string {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(raw) ?? [];
  const factor = FACTORS[unit];
  const endMs = factor === undefined ? instantMs(raw) : nowMs + Number(digits) * factor;
  if (!(endMs > nowMs)) {
    throw new InvalidArgumentError(
      'Use a time from now, such as 30m, 8h or 7d, or an instant that is to come, such as 2026-12-01T00:00:00Z.',
    );
  }
  return new Date(Math.ceil(endMs / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

/** Without its offset an instant would mean something else on each machine. */
function instantMs(raw: string): number {
  return /T.*(?:Z|[+-]\d\d:\d\d)$/i.test(raw) ? Date.parse(raw) : Number.NaN;
}
