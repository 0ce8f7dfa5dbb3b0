import { expect, test } from 'vitest';
import type { ControllerApi } from '../../src/controller/api.ts';
import { lockedForChanges } from '../../src/controller/locked-for-changes.ts';
import type { LockHolder, LockOutcome } from '../../src/controller/ports/fleet-lock.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';

const COMMAND: LockHolder = {
  pid: 7,
  since: '2026-01-01T00:00:00Z',
  command: 'a bb command',
  socket: null,
};
const CONTROLLER: LockHolder = { ...COMMAND, command: 'bb controller', socket: '/run/bb.sock' };
const SUSPEND = { kind: 'suspend-fleet', suspend: true } as const;
const NO_PROGRESS = () => undefined;

/** A command whose lock gives these outcomes, one a try; the last one stays. */
function command(...outcomes: readonly ('ours' | 'taken over' | LockHolder)[]) {
  const [own, controller] = [new FakeControllerApi(), new FakeControllerApi()];
  const clock = new FakeClock();
  const happened: string[] = [];
  let tries = 0;
  const acquire = async (): Promise<LockOutcome> => {
    const outcome = outcomes[Math.min(tries, outcomes.length - 1)];
    tries += 1;
    if (outcome === undefined) throw new Error('a lock has an outcome');
    if (typeof outcome === 'object') return { kind: 'taken', holder: outcome };
    const release = async () => void happened.push('released');
    return { kind: 'held', release, isOurs: async () => true, takenOver: outcome !== 'ours' };
  };
  // The real one has its methods as its own too, and is taken over by a spread.
  Object.assign(own, { status: own.status.bind(own), edit: own.edit.bind(own) });
  const api: ControllerApi = lockedForChanges(own, {
    lock: { acquire, holder: async () => null },
    clock,
    connect: async () => ({ ok: true, value: controller }),
    onHeld: async ({ takenOver }) => void happened.push(takenOver ? 'cleared up' : 'held'),
  });
  return { api, own, controller, clock, happened };
}

test('a change is made with the lock held, and what only looks needs none', async () => {
  const { api, own, happened } = command('ours');
  expect((await api.status()).ok).toBe(true);
  expect(happened).toEqual([]);
  expect((await api.edit(SUSPEND, 'olga', NO_PROGRESS)).ok).toBe(true);
  expect(happened).toEqual(['held', 'released']);
  expect(own.edits).toEqual([SUSPEND]);
});

test('a change is handed to a controller that came up since the command was started', async () => {
  const { api, own, controller, happened } = command(CONTROLLER);
  expect((await api.edit(SUSPEND, 'olga', NO_PROGRESS)).ok).toBe(true);
  expect(own.edits).toEqual([]);
  expect(controller.edits).toEqual([SUSPEND]);
  expect(controller.isDisposed).toBe(true);
  expect(happened).toEqual([]);
});

test('a command waits for another one, and for its controller when that came up meanwhile', async () => {
  const { api, controller, clock } = command(COMMAND, COMMAND, CONTROLLER);
  const edited = api.edit(SUSPEND, 'olga', NO_PROGRESS);
  await clock.advance(1_000);
  expect((await edited).ok).toBe(true);
  expect(controller.edits).toEqual([SUSPEND]);
});

test('what a dead holder left is cleared up before the change is made', async () => {
  const { api, own, happened } = command('taken over');
  await api.edit(SUSPEND, 'olga', NO_PROGRESS);
  expect(happened).toEqual(['cleared up', 'released']);
  expect(own.edits).toEqual([SUSPEND]);
});

test('a command that never ends is named, and the lock is let go also when a change fails', async () => {
  const waiting = command(COMMAND);
  const refused = waiting.api.edit(SUSPEND, 'olga', NO_PROGRESS);
  await waiting.clock.advance(31_000);
  expect(await refused).toMatchObject({
    ok: false,
    refusal: { kind: 'locked', message: expect.stringContaining('pid 7') },
  });
  expect(waiting.own.edits).toEqual([]);
  const failing = command('ours');
  failing.own.edit = () => Promise.reject(new Error('the disk is full'));
  await expect(failing.api.edit(SUSPEND, 'olga', NO_PROGRESS)).rejects.toThrow('disk is full');
  expect(failing.happened).toEqual(['held', 'released']);
});
