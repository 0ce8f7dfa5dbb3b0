import { expect, onTestFinished, test } from 'vitest';
import { openGit } from '../../src/controller/adapters/git.ts';
import { enforce } from '../../src/controller/enforcement.ts';
import { fleetWorld } from '../builders/controller.ts';
import { hostPolicy } from '../builders/desired.ts';
import { bottleName, REVISION } from '../builders/observed.ts';

test('a wait for a commit to be in force listens no longer when its pass breaks', async () => {
  const world = await fleetWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const { reconciler } = await world.open();
  const opened = await openGit({
    repository: world.repository.root,
    branch: 'main',
    folder: 'desired-state',
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  let listening = 0;
  const ports = {
    ...{ git: opened.git, clock: world.clock, policy: hostPolicy({ rootfs: [] }) },
    reconciler: {
      pass: () => Promise.reject(new Error('the disk is gone')),
      snapshot: () => reconciler.snapshot(),
      onTurnEnd(listener: Parameters<typeof reconciler.onTurnEnd>[0]) {
        listening += 1;
        const cancel = reconciler.onTurnEnd(listener);
        return () => {
          listening -= 1;
          cancel();
        };
      },
    },
  };
  const demand = {
    of: 'tables',
    bottle: bottleName('dev'),
    revision: REVISION,
    host: null,
  } as const;
  const patience = { mayBeInForce: false, ended: new AbortController().signal };
  await expect(enforce(demand, ports, patience)).rejects.toThrow('the disk is gone');
  expect(listening).toBe(0);
});
