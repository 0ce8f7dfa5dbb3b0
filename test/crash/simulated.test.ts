import { expect, test } from 'vitest';
import { dieAtSteps, oneOfEach } from './deaths.ts';
import { DEEDS } from './deeds.ts';

/** A sample, of the two deeds that touch most: every step of every deed is in `test/long/deaths`. */
const SAMPLE = DEEDS.filter(({ what }) => /creation|approval/.test(what));

test.for(SAMPLE)(
  'a process that is killed in the middle of $what leaves no trace of it',
  { timeout: 90_000 },
  async (deed) => {
    expect(await dieAtSteps(deed, oneOfEach(4))).toBeGreaterThan(2);
  },
);
