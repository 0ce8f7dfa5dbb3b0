import { describe, expect, it } from 'vitest';
import { type ContainerSpec, runtimeName } from '../../src/model/component.ts';
import { type BackendUnderTest, uniqueFleet } from './backend-under-test.ts';
import { bottleUnderTest, observed } from './bottle-under-test.ts';

/** Coming up, being seen, going away: by whom and in however many attempts. */
export function lifecycleContract(under: BackendUnderTest): void {
  describe('lifecycle', () => {
    it('a bottle that was never made is not seen', async () => {
      const bottle = bottleUnderTest(under);
      const seen = await observed(under.open(), bottle);
      expect(seen.observation.bottles).toEqual([]);
      expect(seen.observation.foreign).toEqual([]);
    });

    it('create, start, stop and remove are seen, each one twice in a row', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      for (const step of bottle.making) {
        await step(backend);
        await step(backend);
      }
      const created = await observed(backend, bottle);
      expect(created.agent).toMatchObject({
        name: runtimeName(bottle.ref('agent')),
        state: 'created',
        exitCode: null,
        specHash: bottle.agent.identity.specHash,
        applied: bottle.agent.identity.applied,
        revision: bottle.agent.identity.revision,
        addresses: addressesOf(bottle.agent),
      });
      expect(created.bottle?.networks.map(({ component, subnet }) => [component, subnet])).toEqual(
        expect.arrayContaining(
          bottle.hasNetworks
            ? [
                ['internal-network', bottle.internal.subnet],
                ['external-network', bottle.external.subnet],
              ]
            : [],
        ),
      );
      expect(created.observation.subnetsInUse.includes(bottle.internal.subnet)).toBe(
        bottle.hasNetworks,
      );
      for (const step of bottle.starting) {
        await step(backend);
        await step(backend);
      }
      expect((await observed(backend, bottle)).agent?.state).toBe('running');
      await backend.stop(bottle.ref('agent'), 1_000);
      await backend.stop(bottle.ref('agent'), 1_000);
      const stopped = await observed(backend, bottle);
      expect(stopped.agent?.state).toBe('exited');
      expect(stopped.agent?.exitCode).toEqual(expect.any(Number));
      expect(stopped.agent?.addresses).toEqual(created.agent?.addresses);
      for (const component of [
        'agent',
        'sidecars',
        'internal-network',
        'external-network',
      ] as const) {
        await backend.remove(bottle.ref(component));
        await backend.remove(bottle.ref(component));
      }
      expect((await observed(backend, bottle)).bottle).toBeUndefined();
    });

    it('a stopped container starts again with its address', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const before = await observed(backend, bottle);
      await backend.stop(bottle.ref('sidecars'), 1_000);
      await backend.start(bottle.ref('sidecars'));
      const after = await observed(backend, bottle);
      expect(after.sidecars).toMatchObject({
        id: before.sidecars?.id,
        state: 'running',
        addresses: addressesOf(bottle.sidecars),
      });
    });

    it.each([1, 2, 3, 4, 5])(
      'a controller that died after call %i is continued by the next one',
      async (calls) => {
        await using bottle = bottleUnderTest(under);
        const first = under.open();
        for (const step of [...bottle.making, ...bottle.starting].slice(0, calls))
          await step(first);
        const second = under.open();
        await bottle.up(second);
        const seen = await observed(second, bottle);
        expect([seen.agent?.state, seen.sidecars?.state]).toEqual(['running', 'running']);
        expect(seen.bottle?.networks).toHaveLength(bottle.hasNetworks ? 2 : 0);
        expect(seen.sidecars?.addresses).toMatchObject(addressesOf(bottle.sidecars));
      },
    );

    it('two controllers that make the same bottle at once make one', async () => {
      await using bottle = bottleUnderTest(under);
      const outcomes = await Promise.allSettled([bottle.up(under.open()), bottle.up(under.open())]);
      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
      const seen = await observed(under.open(), bottle);
      expect(seen.bottle?.containers).toHaveLength(2);
      expect(seen.bottle?.networks).toHaveLength(bottle.hasNetworks ? 2 : 0);
    });

    it('another form under a name that is there is refused until the old one is removed', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const identity = { ...bottle.agent.identity, specHash: 'b'.repeat(64) };
      const changed = { ...bottle.agent, identity };
      await expect(backend.createContainer(changed, {})).rejects.toMatchObject({
        name: 'BackendError',
      });
      await backend.remove(bottle.ref('agent'));
      await backend.createContainer(changed, {});
      expect((await observed(backend, bottle)).agent?.specHash).toBe('b'.repeat(64));
    });

    it('two fleets side by side do not see each other', async () => {
      const fleet = uniqueFleet();
      await using one = bottleUnderTest(under, 'dev', { fleet });
      await using other = bottleUnderTest(under, 'dev', { fleet: `${fleet}x` });
      const backend = under.open();
      await one.up(backend);
      await other.up(backend);
      const seen = await observed(backend, one);
      expect(seen.observation.bottles.map(({ name }) => name)).toEqual(['dev']);
      expect(seen.observation.foreign).toEqual([]);
      await backend.remove(one.ref('agent'));
      expect((await observed(backend, other)).agent?.state).toBe('running');
    });

    it('a start of what was never made says not-found', async () => {
      const bottle = bottleUnderTest(under);
      await expect(under.open().start(bottle.ref('agent'))).rejects.toMatchObject({
        code: 'not-found',
      });
    });

    it('a container without its image says image-missing', async () => {
      await using bottle = bottleUnderTest(under, 'dev', { agent: { image: 'bb/absent:0' } });
      const backend = under.open();
      if (bottle.hasNetworks) await backend.createNetwork(bottle.internal);
      await expect(backend.createContainer(bottle.agent, {})).rejects.toMatchObject({
        code: 'image-missing',
      });
    });

    it('twenty bottles come up at once', async () => {
      const fleet = uniqueFleet();
      await using stack = new AsyncDisposableStack();
      const bottles = Array.from({ length: 20 }, (_, index) =>
        bottleUnderTest(under, `b${index}`, { fleet }),
      );
      stack.defer(async () => {
        await Promise.all(bottles.map((bottle) => bottle[Symbol.asyncDispose]()));
      });
      const backend = under.open();
      await Promise.all(bottles.map((bottle) => bottle.up(backend)));
      const [first] = bottles;
      if (first === undefined) throw new Error('no bottles');
      const { observation } = await observed(backend, first);
      expect(observation.bottles).toHaveLength(20);
      for (const { containers } of observation.bottles) {
        expect(containers.map(({ state }) => state)).toEqual(['running', 'running']);
      }
    }, 120_000);
  });
}

/** The address on each network that a container was asked to be on. */
function addressesOf({ networks }: ContainerSpec): { readonly [network: string]: string | null } {
  return Object.fromEntries(networks.map(({ component, address }) => [component, address]));
}
