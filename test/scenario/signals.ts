import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';

const LOOP = 'while :; do sleep 0.1; done';
/** Succeeds when nothing of the loops is left inside. */
const LEFT = `for look in 1 2 3 4 5 6 7 8; do
  grep -qaz '^0[.]1$' /proc/[0-9]*/cmdline 2>/dev/null || exit 0
  sleep 0.3
done; exit 1`;

/** Sends signals to `bb exec` as a script does, and looks at what became of the program inside. */
export async function signalsReachPrograms(fleet: FleetUnderTest): Promise<void> {
  const ends = async (signal: NodeJS.Signals, script: string, start = 'echo up') => {
    const running = fleet.spawn('exec', 'dev', '--', 'sh', '-c', `${script}\n${start}; ${LOOP}`);
    let said = '';
    running.all.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    await eventually(`it says that it is up before ${signal}`, () => said.includes('up'), 20_000);
    running.kill(signal);
    const { exitCode, signal: died } = await running;
    return { exitCode, died, said };
  };
  expect(await ends('SIGINT', '')).toMatchObject({ exitCode: 130, died: undefined });
  expect(await ends('SIGTERM', '')).toMatchObject({ exitCode: 143, died: undefined });
  const caught = await ends('SIGINT', `trap 'echo told; exit 7' INT`);
  expect(caught).toMatchObject({ exitCode: 7, said: expect.stringContaining('told') });
  expect((await fleet.bb('exec', 'dev', '--', 'sh', '-c', 'exit 9')).exitCode).toBe(9);
  expect((await fleet.bb('exec', 'dev', '--', '/no/such')).exitCode).toBe(127);
  expect((await fleet.bb('exec', 'dev', '--', 'sh', '-c', LEFT)).exitCode).toBe(0);
}
