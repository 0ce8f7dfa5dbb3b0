import { expect, test } from 'vitest';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import {
  bottle,
  desiredState,
  emptyBackend,
  observedState,
  planContext,
} from '../builders/observed.ts';

test('a new bottle is made whole, with every wait that it needs and no other', () => {
  const observed = observedState({ backends: { simulated: emptyBackend({ images: [] }) } });
  const plan = buildPlan(desiredState([bottle('dev')]), observed, planContext());
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "+ dev on simulated: create
      #1 make image bb/sidecars:one present: simulated does not have it
      #2 make image bb/agent:one present: simulated does not have it
      #3 render the sidecars: new in 1111111
      #4 create internal-network 10.80.0.0/28: new in 1111111
      #5 create external-network 10.80.0.16/28: new in 1111111
      #6 create sidecars container from bb/sidecars:one after #1 #3 #4 #5: new in 1111111
      #7 create agent container from bb/agent:one after #2 #3 #4: new in 1111111
      #8 provision agent after #7: new in 1111111
      #9 start sidecars after #6: new in 1111111
      #10 await the sidecars after #9: new in 1111111
      #11 start agent after #8: new in 1111111
      #12 prove isolation after #10 #11: new in 1111111
    1 create; 12 actions"
  `);
});
