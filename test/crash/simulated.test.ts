import { expect, test } from 'vitest';
import { dieAtSteps, oneIn } from './deaths.ts';
import { DEEDS } from './deeds.ts';

test.for(DEEDS)(
  'a process that is killed in the middle of $what leaves no trace of it',
  { timeout: 180_000 },
  async (deed) => {
    expect(await dieAtSteps(deed, oneIn(9))).toBeGreaterThan(3);
  },
);
