import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AttackedFleet, SECRET } from './attacked-fleet.ts';
import { inside } from './inside.ts';
import { type MachineFindings, machineAttacks } from './machine-attacks.ts';

/** The networks, kernel and files around a bottle. */
export function surroundings(attacked: () => AttackedFleet): void {
  describe('the machine around the bottle', () => {
    let found: MachineFindings;
    beforeAll(async () => {
      const { addresses, port, abstract } = attacked().machine;
      const outside = Object.values(attacked().outside).filter((host) => host !== null);
      const sidecars = outside.flatMap((host) => [[host, 8080] as const, [host, 9100] as const]);
      const gateways = outside.map(
        (host) => [host.replace(/\d+$/, (n) => `${Number(n) - 1}`), port] as const,
      );
      const targets = [
        ...addresses.map((address) => [address, port] as const),
        ...addresses
          .filter((address) => !address.includes(':'))
          .map((address) => [address, 2375] as const),
        ...gateways,
        ...sidecars,
        ...([1, 22, 53, 443, 9229] as const).map((other) => ['egress', other] as const),
        ['192.0.2.77', 443] as const,
        ['198.51.100.1', 53] as const,
        ['2001:db8::1', 443] as const,
      ];
      found = await inside(attacked().fleet, 'python3', machineAttacks(targets, abstract));
    });

    test('its sidecars are all that the agent reaches', () => {
      expect(found.allowed).toBe('reachedreached');
      expect(Object.keys(found.tcp).length).toBeGreaterThan(10);
      expect(entriesThatReached(found.tcp)).toEqual([]);
    });

    test('no resolver answers for names outside', () => {
      expect(entriesThatReached(found.names)).toEqual([]);
    });

    test('the kernel gives it nothing', async () => {
      const reached = entriesThatReached(found.kernel);
      expect(reached.filter((deed) => !attacked().place.harmless.includes(deed))).toEqual([]);
      expect(await knock(`\0${attacked().machine.abstract}`)).toBe('reached\n');
      expect(Object.keys(found.kernel).length).toBeGreaterThan(30);
    });

    test('no credential and no private key is in its reach', () => {
      expect(found.text).toContain('BB_BOTTLE=dev');
      expect(found.text).not.toContain(SECRET);
      expect(found.text).not.toContain('PRIVATE KEY-----\n');
      expect(found.text).not.toMatch(/docker\.sock|\/egress\/|\/queue\//);
    });

    test('it sees its own processes and none of its sidecars', () => {
      expect(found.processes.join('\n')).toContain('python3 -');
      expect(found.processes.filter((line) => /sidecar|supervise|bundle/.test(line))).toEqual([]);
    });

    test('nobody else reaches its sidecars: not from this machine, where the host itself answers', async () => {
      const dev = attacked().outside.dev ?? '127.0.0.1';
      const asked = (url: string) =>
        fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
          ({ status }) => `answered ${status}`,
          () => 'nothing',
        );
      expect(await knock({ host: '127.0.0.1', port: attacked().machine.port })).toBe('reached\n');
      expect(await asked(`http://${dev}:8080/healthz`)).toBe('nothing');
      expect(await asked(`http://${dev}:9100/mcp`)).toBe('nothing');
    });
  });
}

/** What a service of this machine says to this machine itself. */
async function knock(where: string | { readonly host: string; readonly port: number }) {
  return textOf(typeof where === 'string' ? connect(where) : connect(where));
}

function entriesThatReached(found: { readonly [name: string]: string }): readonly string[] {
  return Object.keys(found).filter((name) => found[name] === 'reached');
}
