import { afterAll } from 'vitest';
import { makeStandInNetwork } from '../../scripts/quickstart/network.ts';
import { dockerUnderTest } from '../engines/docker-under-test.ts';
import type { AttackedPlaceOrNone } from './attacked-place.ts';
import { OF_GVISOR } from './machine-attacks.ts';

/** The engine of this run, with a network of its own for the upstreams until the file's last test. */
export async function dockerPlace(): Promise<AttackedPlaceOrNone> {
  const engine = await dockerUnderTest();
  if (engine.kind === 'none') return { ...engine, name: 'docker' };
  const { docker, endpoint, image, under } = engine;
  const network = await makeStandInNetwork(docker, 'bb-escape');
  afterAll(() => network.remove());
  const isGvisor = under.runtime === 'runsc';
  return {
    kind: 'place',
    name: 'docker',
    address: network.address,
    engine: { docker, endpoint, base: image },
    harmless: isGvisor ? OF_GVISOR : [],
    limitsMemory: true,
    atLimits: isGvisor ? 'ended' : 'told',
    async outsideOf(fleet, bottle) {
      const { NetworkSettings } = await fleet.engine.container(bottle, 'sidecars').inspect();
      return NetworkSettings.Networks[`bb-${fleet.name}-${bottle}-ext`]?.IPAddress ?? null;
    },
    removeSidecars: (fleet, bottle) =>
      fleet.engine.container(bottle, 'sidecars').remove({ force: true }),
    hostsFile: async (fleet, bottle) =>
      (await fleet.engine.container(bottle, 'sidecars').inspect()).HostsPath,
    async recordsOf(fleet, bottle) {
      const { engine: of } = fleet;
      const containers = [of.container(bottle), of.container(bottle, 'sidecars')];
      const inspected = await Promise.all(containers.map((one) => one.inspect()));
      return JSON.stringify(inspected) + (await fleet.engineLogs());
    },
    async sidecarsPid(fleet, bottle) {
      if (isGvisor) return null;
      return (await fleet.engine.container(bottle, 'sidecars').inspect()).State.Pid;
    },
  };
}
