import type Docker from 'dockerode';

export interface StandInNetwork {
  /** Address of this machine that bottles' sidecars can reach. */
  readonly address: string;
  remove(): Promise<void>;
}

const NAME = 'bb-quick-start';

/** A small network of the engine, for an address of this machine that is neither loopback nor the outside's. */
export async function makeStandInNetwork(docker: Docker, name = NAME): Promise<StandInNetwork> {
  const known = await docker.listNetworks({ filters: { name: [name] } });
  for (const { Id, Name } of known) if (Name === name) await docker.getNetwork(Id).remove();
  for (let third = 0; third < 16; third += 1) {
    const subnet = `10.212.${third}.0/28`;
    const address = `10.212.${third}.1`;
    try {
      const network = await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        IPAM: { Config: [{ Subnet: subnet, Gateway: address }] },
      });
      return { address, remove: () => network.remove() };
    } catch (error) {
      const taken = error instanceof Error && /overlap|in use/.test(error.message);
      if (!taken) throw error;
    }
  }
  throw new Error('every network from 10.212.0.0/28 to 10.212.15.0/28 is in use');
}
