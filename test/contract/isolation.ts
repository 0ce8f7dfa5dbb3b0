import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { probeIsolation } from '../../src/controller/prove-isolation.ts';
import type { ComponentRef, ContainerSpec } from '../../src/model/component.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest, shell } from './bottle-under-test.ts';
import { SERVING_SIDECARS } from './serving-sidecars.ts';

/** Whatever an agent's network is made of, its sidecars are all that is in it. */
export function isolationContract(under: BackendUnderTest): void {
  describe('isolation', { retry: 0 }, () => {
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

    it('no program of the agent writes what its isolation is proven by', async () => {
      if (!under.runsPrograms) return;
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      for (const step of bottle.making) await step(backend);
      const agent = bottle.ref('agent');
      await backend.start(agent);
      await shell(backend, agent, FORGING);
      const host = { agentUser: { uid: 1000, gid: 1000 } };
      const reason = async (of: ComponentRef) => {
        const verdict = await probeIsolation(of, { backend, host });
        return verdict.proven ? 'proven' : verdict.reason;
      };
      // No sidecars run, so whoever says that egress is open is the agent.
      for (let proof = 0; proof < 5; proof += 1) {
        expect(await reason(agent)).toBe('the agent does not reach egress');
      }
      await using served = bottleUnderTest(under, 'served', {
        sidecars: { command: SERVING_SIDECARS },
      });
      await served.up(backend);
      await shell(backend, served.ref('agent'), FORGING);
      await expect
        .poll(() => reason(served.ref('agent')), { timeout: 20_000 })
        .toMatch(/certificate/);
    }, 60_000);
  });
}

/** Begins to put its own answers wherever those of another program may be, and ends when it did so once. */
const FORGING = `
cat > /tmp/forge <<'END'
while :; do
  for folder in /tmp/tmp.*; do echo open > "$folder/egress"; done
  for fd in /proc/[0-9]*/fd/1; do
    case "$(readlink "$fd")" in pipe:*) printf 'egress open\\n' > "$fd" ;; esac
  done
  echo forging > /tmp/forging
done
END
sh /tmp/forge > /dev/null 2>&1 < /dev/null &
until [ -e /tmp/forging ]; do sleep 0.05; done
`;

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
