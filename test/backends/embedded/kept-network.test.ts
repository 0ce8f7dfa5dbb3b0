import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackendHint } from '../../../src/backends/backend.ts';
import { launcherArgv } from '../../../src/backends/embedded/launcher.ts';
import { createLostNetworks } from '../../../src/backends/embedded/lost-networks.ts';
import { openMachine } from '../../../src/backends/embedded/machine.ts';
import { childrenOf } from '../../../src/backends/embedded/process-table.ts';
import type { RunRecord } from '../../../src/backends/embedded/records.ts';
import { runtimeName } from '../../../src/model/component.ts';
import {
  type BottleUnderTest,
  bottleUnderTest,
  observed,
} from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const ANYBODY = { user: null, place: { prefix: [], groups: [] } } as const;

describe.skipIf(embedded.kind === 'none')('embedded: who keeps the network of a bottle', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;
  const keeperOf = (bottle: BottleUnderTest): RunRecord => {
    const name = runtimeName(bottle.ref('internal-network'));
    return JSON.parse(readFileSync(join(directory, 'runs', `${name}.json`), 'utf8'));
  };

  it.runIf(launcherArgv(ANYBODY) !== null)(
    'has no right, no descriptor and nobody beside it, is filtered, and nobody on the host',
    async () => {
      await using bottle = bottleUnderTest(under);
      await bottle.up(under.open());
      const { init, monitor } = keeperOf(bottle);
      expect(monitor).toEqual(init);
      expect(childrenOf(init.pid)).toEqual([]);
      const facts = factsOf(init.pid);
      const rights = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => facts[name]);
      expect(rights).toEqual(Array(5).fill('0000000000000000'));
      expect([facts['Seccomp'], facts['NoNewPrivs']]).toEqual(['2', '1']);
      expect(facts['Uid']?.split('\t')[0]).not.toBe('0');
      expect(readFileSync(`/proc/${init.pid}/cmdline`, 'utf8')).toBe('sleep\0infinity\0');
      // What the controller itself inherited is covered.
      const folder = `/proc/${init.pid}/fd`;
      const open = readdirSync(folder).filter((descriptor) => Number(descriptor) > 2);
      const leading = open.map((descriptor) => readlinkSync(join(folder, descriptor)));
      expect(leading.filter((path) => path !== '/dev/null')).toEqual([]);
    },
  );

  it('is in a network and a user namespace that are not ours, with a loopback and nothing else', async () => {
    await using bottle = bottleUnderTest(under);
    await bottle.up(under.open());
    const { init } = keeperOf(bottle);
    for (const kind of ['net', 'user']) {
      const own = readlinkSync(`/proc/self/ns/${kind}`);
      expect(readlinkSync(`/proc/${init.pid}/ns/${kind}`)).not.toBe(own);
    }
    const [, , ...devices] = readFileSync(`/proc/${init.pid}/net/dev`, 'utf8').trim().split('\n');
    expect(devices.map((line) => line.trim().split(':')[0])).toEqual(['lo']);
  });

  it('is told of when it is killed, and the bottle has another after its next start', async () => {
    await using bottle = bottleUnderTest(under);
    await using other = bottleUnderTest(under, 'other');
    const backend = under.open();
    await bottle.up(backend);
    await other.up(backend);
    const hints: BackendHint[] = [];
    const stop = new AbortController();
    // Opened after it was: whoever watches need not have started it.
    under.open().watch(bottle.fleet, (hint) => hints.push(hint), stop.signal);
    const before = keeperOf(bottle);
    process.kill(before.init.pid, 'SIGKILL');
    await expect
      .poll(() => hints, { timeout: 10_000 })
      .toContainEqual({ kind: 'look', bottle: null });
    expect((await observed(backend, bottle)).agent?.state).toBe('exited');
    expect((await observed(backend, other)).agent?.state).toBe('running');
    await backend.start(bottle.ref('sidecars'));
    await backend.start(bottle.ref('agent'));
    expect(keeperOf(bottle).init).not.toEqual(before.init);
    expect((await observed(backend, bottle)).agent?.state).toBe('running');
    stop.abort();
  });

  it('is lost once, and so is the next one of its bottle, whoever else is there', async () => {
    await using bottle = bottleUnderTest(under);
    await using other = bottleUnderTest(under, 'other', { fleet: bottle.fleet });
    const backend = under.open();
    const lost = createLostNetworks(openMachine(directory), bottle.fleet);
    await bottle.up(backend);
    await other.up(backend);
    for (const round of [1, 2]) {
      lost.changed();
      expect(lost.isNew(), `${round}: nobody was killed`).toBe(false);
      process.kill(keeperOf(bottle).init.pid, 'SIGKILL');
      await expect.poll(() => lost.isNew(), { timeout: 10_000 }).toBe(true);
      lost.changed();
      expect([lost.isNew(), lost.isNew()]).toEqual([false, false]);
      await backend.start(bottle.ref('sidecars'));
      await backend.start(bottle.ref('agent'));
    }
  });

  it('is lost too when it was made and killed between two looks', async () => {
    await using bottle = bottleUnderTest(under);
    const lost = createLostNetworks(openMachine(directory), bottle.fleet);
    await bottle.up(under.open());
    process.kill(keeperOf(bottle).init.pid, 'SIGKILL');
    await expect.poll(() => lost.isNew(), { timeout: 10_000 }).toBe(true);
  });
});

/** What the kernel says of a process, by name. */
function factsOf(pid: number): { readonly [name: string]: string | undefined } {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/:\t?\s*/, 2)));
}
