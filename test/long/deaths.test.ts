import { expect, test } from 'vitest';
import { dieAtSteps, EVERY } from '../crash/deaths.ts';
import { DEEDS } from '../crash/deeds.ts';

/** One deed alone: `npm run test:long -- deaths -t 'rejection'`. */
test.for(DEEDS)(
  'a process that is killed at any step of $what leaves no trace of it',
  { timeout: 1_200_000 },
  async (deed) => {
    expect(await dieAtSteps(deed, EVERY)).toBeGreaterThan(10);
  },
);
