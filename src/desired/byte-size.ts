import { type Parsed, refuse } from './parsed.ts';
import { quote } from './problems.ts';

const UNITS: { readonly [unit: string]: number } = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `512MiB`, `4GiB`, `1.5GiB` in bytes; at least 32 MiB, since less starts nothing. */
export function parseByteSize(raw: string): Parsed<number> {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\s?(KiB|MiB|GiB|TiB)$/.exec(raw) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  if (amount === undefined || factor === undefined) {
    return refuse('invalid-value', `${quote(raw)} is not a size`, 'write it like 512MiB or 4GiB');
  }
  const bytes = Math.floor(Number(amount) * factor);
  if (bytes < 32 * 2 ** 20 || bytes > 64 * 2 ** 40) {
    return refuse('invalid-value', `${quote(raw)} is not between 32MiB and 64TiB`, 'e.g. 4GiB');
  }
  return { ok: true, value: bytes };
}
