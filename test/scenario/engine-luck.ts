import type { FleetEvent } from '../../src/model/event.ts';
import { type MisbehavingProxy, misbehavingProxy } from '../engines/misbehaving-proxy.ts';
import type { ScenarioEngine } from './engine.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';

/** A scenario whose `bb` talks to the engine through a socket that misbehaves when it is told to. */
export function unluckyScenario(
  title: string,
  engine: ScenarioEngine,
  body: (fleet: FleetUnderTest, proxy: MisbehavingProxy) => Promise<void>,
): void {
  scenario(title, { engine, timeoutMs: 240_000 }, async (fleet) => {
    await using proxy = await misbehavingProxy(engine.endpoint);
    await fleet.configure(
      'config.yaml',
      engine.hostConfig.replace(engine.endpoint, proxy.endpoint),
    );
    await fleet.controller();
    await fleet.done('reconcile');
    await body(fleet, proxy);
    proxy.follow(() => ({ kind: 'pass' }));
  });
}

/** True when every bottle is in force. */
export async function isReady(fleet: FleetUnderTest): Promise<boolean> {
  return (await readiness(fleet)).every((status) => status === 'True');
}

/** `Ready` of each bottle. */
export async function readiness(fleet: FleetUnderTest): Promise<readonly string[]> {
  const { bottles } = await fleet.status();
  return bottles.map(
    ({ conditions }) => conditions.find(({ type }) => type === 'Ready')?.status ?? 'absent',
  );
}

/** Messages of the events of `reason`, newest first. */
export async function told(fleet: FleetUnderTest, reason: string): Promise<readonly string[]> {
  const events = await fleet.json<readonly FleetEvent[]>('events', '-n', '500');
  return events.filter((event) => event.reason === reason).map(({ message }) => message);
}
