import { expect, test } from 'vitest';
import { createWorkQueue, type WorkOutcome } from '../../src/controller/work-queue.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const DONE: WorkOutcome = { kind: 'done', requeueAfterMs: null };

/** A queue whose work ends when the test says how. */
function queueUnderTest() {
  const clock = new FakeClock(0);
  const started: string[] = [];
  const ends: ((outcome: WorkOutcome | Error) => void)[] = [];
  const queue = createWorkQueue<string>({
    clock,
    random: { next: () => 1, bytes: (length) => new Uint8Array(length) },
    work: (key, signal) => {
      started.push(`${clock.nowMs()} ${key}`);
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        ends.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
      });
    },
  });
  const end = async (outcome: WorkOutcome | Error) => {
    ends.shift()?.(outcome);
    await clock.advance(0);
  };
  return { clock, queue, started, end };
}

test('a key that is added many times while it is worked on is worked on once more', async () => {
  const { queue, started, end } = queueUnderTest();
  for (let n = 0; n < 5; n += 1) queue.add('dev');
  expect(started).toEqual(['0 dev']);
  await end(DONE);
  expect(started).toEqual(['0 dev', '0 dev']);
  await end(DONE);
  expect(started).toHaveLength(2);
});

test('keys do not wait for each other', () => {
  const { queue, started } = queueUnderTest();
  queue.add('a');
  queue.add('b');
  expect(started).toEqual(['0 a', '0 b']);
});

test('work that asks for it is done again after its time', async () => {
  const { clock, queue, started, end } = queueUnderTest();
  queue.add('dev');
  await end({ kind: 'done', requeueAfterMs: 30_000 });
  await clock.advance(29_999);
  expect(started).toHaveLength(1);
  await clock.advance(1);
  expect(started).toEqual(['0 dev', '30000 dev']);
});

test('failures and throws are retried ever later, and a success forgets them', async () => {
  const { clock, queue, started, end } = queueUnderTest();
  queue.add('dev');
  await end({ kind: 'failed' });
  await clock.advance(1_000);
  await end(new Error('a bug'));
  await clock.advance(2_000);
  expect(started).toEqual(['0 dev', '1000 dev', '3000 dev']);
  await end(DONE);
  queue.add('dev');
  await end({ kind: 'failed' });
  await clock.advance(1_000);
  expect(started.at(-1)).toBe('4000 dev');
});

test('a key that backs off is worked on at once when it is added, and its timer is gone', async () => {
  const { clock, queue, started, end } = queueUnderTest();
  queue.add('dev');
  await end({ kind: 'failed' });
  queue.add('dev');
  expect(started).toEqual(['0 dev', '0 dev']);
  expect(clock.sleeping).toBe(0);
  await end(DONE);
  await clock.advance(10_000);
  expect(started).toHaveLength(2);
});

test('closing aborts and waits for work, ends timers, and lets nothing start', async () => {
  const { clock, queue, started, end } = queueUnderTest();
  queue.add('waiting');
  await end({ kind: 'failed' });
  queue.add('running');
  queue.add('running');
  await queue.close();
  queue.add('late');
  await clock.advance(1_000_000);
  expect(started).toEqual(['0 waiting', '0 running']);
  expect(clock.sleeping).toBe(0);
});
