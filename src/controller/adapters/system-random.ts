import { randomBytes } from 'node:crypto';
import type { Random } from '../../model/clock.ts';

/** The machine's randomness. */
export const systemRandom: Random = {
  // 48 bits, the most that `readUIntBE` gives.
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
