import { test } from 'vitest';
import { approveAmongPushers } from '../builders/racing-approvals.ts';

test(
  'of 100 approvals at once among others who push, each lands once and nobody is overwritten',
  {
    timeout: 1_800_000,
  },
  () => approveAmongPushers(100),
);
