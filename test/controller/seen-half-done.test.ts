import { expect, onTestFinished, test } from 'vitest';
import { NO_PERMISSIONS } from '../../src/controller/reconciler.ts';
import { fleetWorld } from '../builders/controller.ts';

const PASS = { permissions: NO_PERMISSIONS };

test('a turn that ends while a pass looks is not begun again by what the pass saw before', async () => {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  const mayStart = Promise.withResolvers<void>();
  const hasSeen = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  let looks = 0;
  fleet.faults = {
    before: (call) => (call === 'start' ? mayStart.promise : undefined),
    async after(call) {
      if (call !== 'observe') return;
      looks += 1;
      if (looks !== 2) return;
      hasSeen.resolve();
      await mayGoOn.promise;
    },
  };
  const first = await controller.reconciler.pass(PASS);
  expect(first).toMatchObject({ started: ['dev', 'qa'] });
  const looking = controller.reconciler.pass(PASS);
  await hasSeen.promise;
  mayStart.resolve();
  await controller.reconciler.settled();
  mayGoOn.resolve();
  const report = await looking;
  if (report.kind === 'refused') throw new Error(report.refusal.message);
  expect(report.result.plan.actions).not.toEqual([]);
  expect(report).toMatchObject({ started: [], leftAlone: new Set(['dev', 'qa']) });
  expect(await controller.reconciler.pass(PASS)).toMatchObject({
    started: [],
    result: { plan: { actions: [] } },
  });
});
