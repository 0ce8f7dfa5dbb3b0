import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../src/model/component.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest } from './bottle-under-test.ts';
import { SERVING_SIDECARS } from './serving-sidecars.ts';

/** Whatever an agent's network is made of, its sidecars are all that is in it. */
export function isolationContract(under: BackendUnderTest): void {
  describe('isolation', () => {
    it('an agent reaches its sidecars and no address of this machine, not over IPv6 of its link either', async () => {
      const sidecars = { command: SERVING_SIDECARS };
      await using bottle = bottleUnderTest(under, 'dev', { sidecars });
      await using neighbour = bottleUnderTest(under, 'next', { sidecars, fleet: bottle.fleet });
      const backend = under.open();
      await bottle.up(backend);
      await neighbour.up(backend);
      const careless = createServer((socket) => socket.end('host'));
      await new Promise<void>((resolve) => careless.listen({ port: 0, host: '::' }, resolve));
      try {
        const bound = careless.address();
        const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
        const targets = [
          ...addressesOfThisMachine().map((host) => ({ host, port })),
          ...addressesOf(neighbour.sidecars).map((host) => ({ host, port: 8080 })),
        ];
        const ask = async () => {
          const request = { argv: ['node', '-'], user: null, timeoutMs: 20_000 };
          const stdin = asking(targets);
          return (await backend.exec(bottle.ref('agent'), { ...request, stdin })).stdout;
        };
        await expect.poll(ask, { timeout: 20_000 }).toBe('egress\n');
      } finally {
        careless.close();
      }
    }, 60_000);
  });
}

/** Those of links with the agent's own name for its interface, and whoever is on that link. */
function addressesOfThisMachine(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = all.map(({ address }) =>
    address.startsWith('fe80') ? `${address}%eth0` : address,
  );
  return [...new Set([...addresses, 'ff02::1%eth0', '192.0.2.77'])];
}

function addressesOf({ networks }: ContainerSpec): readonly string[] {
  return networks.flatMap(({ address }) => (address === null ? [] : [address]));
}

/** Program that tries all at once and says whom it reached. */
function asking(targets: readonly { readonly host: string; readonly port: number }[]): string {
  return `
    const net = require('node:net');
    const knock = ({ host, port }) => new Promise((resolve) => {
      const socket = net.connect({ host, port });
      socket.setTimeout(1000, () => resolve([]));
      socket.on('error', () => resolve([]));
      socket.on('connect', () => resolve([host]));
    });
    const all = ${JSON.stringify([...targets, { host: 'egress', port: 8080 }])};
    Promise.all(all.map(knock)).then((found) => {
      console.log(found.flat().join());
      process.exit();
    });`;
}
