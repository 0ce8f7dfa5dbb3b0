import { makeStandInNetwork } from '../scripts/quickstart/network.ts';
import { startStandIn } from '../scripts/quickstart/stand-in.ts';
import type { Bench } from './bench.ts';
import { type BenchFleet, openFleet } from './fleet.ts';

const API = 'api.example.test';
const PORT = 8443;

/** Where a bottle of `openServedFleet` finds what it may ask for. */
export const ALLOWED_URL = `https://${API}:${PORT}/public/hello`;

/** Routes to the upstream, with further hosts behind it. */
export type RoutesTo = (hosts: readonly string[]) => string;

/** A fleet of one bottle in a real engine, with an upstream on this machine that it may reach. */
export async function openServedFleet(
  bench: Bench,
): Promise<{ readonly fleet: BenchFleet; readonly routes: RoutesTo }> {
  const { docker } = await bench.engine();
  const network = await makeStandInNetwork(docker, 'bb-bench');
  bench.defer(() => network.remove());
  const standIn = await startStandIn(API, network.address, PORT);
  bench.defer(() => standIn[Symbol.asyncDispose]());
  const routes: RoutesTo = (hosts) =>
    [
      `- { host: ${API}, ports: [${PORT}], addresses: [${network.address}/32], paths: [/public/] }`,
      ...hosts.map((host) => `- { host: ${host}, paths: [/] }`),
    ].join('\n');
  const fleet = await openFleet(bench, {
    backend: 'docker',
    bottles: 1,
    routes: routes([]),
    config: ['upstream:', `  hosts: { ${API}: ["${network.address}"] }`, '  caFiles: [ca.pem]'],
    configFiles: { 'ca.pem': standIn.caPem },
  });
  return { fleet, routes };
}
