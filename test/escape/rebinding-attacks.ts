import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { AttackedFleet } from './attacked-fleet.ts';
import { REBOUND } from './attacked-upstreams.ts';
import { exchangeAll } from './inside.ts';

/** An answer of a resolver is kept for ten seconds. */
const FORGOTTEN_MS = 60_000;

/** Names of an agent's own that lead to where its route says when they are looked at, and elsewhere afterwards. */
export function rebindingAttacks(attacked: () => AttackedFleet): void {
  describe('rebinding', () => {
    test('a name that leads elsewhere later is reached where it may be, and then nowhere', {
      timeout: 2 * FORGOTTEN_MS,
    }, async () => {
      const { fleet, place, outside, machine } = attacked();
      const [own = '127.0.0.1'] = machine.addresses.filter((each) => each !== place.address);
      const targets = [
        ['127.0.0.1'],
        [own],
        ['169.254.169.254'],
        ['::1'],
        ['fd00:ec2::254'],
        [outside.other ?? '10.0.0.1'],
        ['::ffff:127.0.0.1', '0.0.0.0'],
      ];
      const names = targets.map((_, index) => REBOUND.name(index));
      const file = await place.hostsFile(fleet, 'dev');
      const before = readFileSync(file, 'utf8');
      const lead = (addressesOf: (index: number) => readonly string[]) => {
        const lines = names.flatMap((name, index) =>
          addressesOf(index).map((address) => `${address} ${name}\n`),
        );
        writeFileSync(file, before + lines.join(''));
      };
      const ask = () => exchangeAll(fleet, names.map(asked));
      await using traps = await trapsAt(
        [...new Set(['127.0.0.1', own])].filter((address) => address !== place.address),
      );

      lead(() => [place.address]);
      expect(statuses(await ask())).toEqual(names.map(() => '200'));
      lead((index) => targets[index] ?? []);
      const seen = new Set<string>();
      await eventually(
        'every name is refused',
        async () => {
          const now = statuses(await ask());
          for (const status of now) seen.add(status);
          return now.every((status) => status === '403');
        },
        FORGOTTEN_MS,
      );
      // Until then, what was looked at is where they go.
      expect(['200', '403']).toEqual(expect.arrayContaining([...seen]));
      expect(Object.values(await ask()).join()).toContain('address that is not public');
      expect(traps.visits()).toBe(0);
      writeFileSync(file, before);
    });
  });
}

function asked(name: string) {
  const target = `${name}:${REBOUND.port}`;
  return { name, tunnel: { target }, send: `GET /rebound HTTP/1.1\r\nHost: ${target}\r\n\r\n` };
}

function statuses(answers: { readonly [name: string]: string }): readonly string[] {
  return Object.values(answers).map((answer) => answer.slice(9, 12));
}

/** Whoever is dialled there shows. */
async function trapsAt(addresses: readonly string[]) {
  let visits = 0;
  // A bridge of somebody else's may have gone with its address meanwhile.
  const listen = async (host: string): Promise<Server | null> => {
    const server = createServer((socket) => {
      visits += 1;
      socket.destroy();
    });
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRNOTAVAIL') resolve(null);
        else reject(error);
      });
      server.listen(REBOUND.port, host, () => resolve(server));
    });
  };
  const servers = await Promise.all(addresses.map(listen));
  return {
    visits: () => visits,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server?.close();
    },
  };
}
