import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();

describe.skipIf(embedded.kind === 'none')('embedded: agent and sidecars started at once', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  it('the agent waits until its sidecars run, whose programs take longest', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    for (const make of bottle.making) await make(backend);
    const [sidecars, agent] = [bottle.ref('sidecars'), bottle.ref('agent')];
    await Promise.all([backend.start(sidecars), backend.start(agent)]);
    const runs = join(directory, 'runs');
    const begun = statSync(join(runs, `${runtimeName(sidecars)}.json`)).ctimeMs;
    const asked = statSync(join(runs, `${runtimeName(agent)}.status`)).birthtimeMs;
    expect(asked).toBeGreaterThanOrEqual(begun);
  });

  it('an agent whose sidecars cannot be started is started all the same', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await backend.createContainer(bottle.agent, {});
    const [sidecars, agent] = await Promise.allSettled([
      backend.start(bottle.ref('sidecars')),
      backend.start(bottle.ref('agent')),
    ]);
    expect([sidecars.status, agent.status]).toEqual(['rejected', 'fulfilled']);
  });
});
