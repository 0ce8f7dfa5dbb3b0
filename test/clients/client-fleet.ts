import { type Ended, type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import { NO_UPSTREAM } from '../scenario/upstream.ts';
import type { ClientPlace } from './client-place.ts';
import { PORT, SITES, type UpstreamSite, upstreamSite } from './upstream-site.ts';

/** What no bottle may ever hold, and every request that passes must carry. */
export const CREDENTIAL = 'credential-of-the-host-that-egress-adds';

/** A bottle of this machine's programs, and the sites that its routes speak of. */
export interface ClientFleet extends AsyncDisposable {
  readonly fleet: FleetUnderTest;
  readonly upstream: UpstreamSite;
  /** Runs a shell script in the bottle as its agent, however it ends. */
  inside(script: string): Promise<Ended>;
}

/** Brings up a bottle of that place. */
export async function clientFleet(
  place: Extract<ClientPlace, { readonly kind: 'place' }>,
): Promise<ClientFleet> {
  await using cleanups = new AsyncDisposableStack();
  const { address, engine } = place;
  const upstream = cleanups.use(await upstreamSite(address));
  const fleet = cleanups.use(
    await fleetUnderTest({
      isEmbedded: engine === null,
      engine:
        engine === null
          ? null
          : { ...engine, hostConfig: '', upstream: { ...NO_UPSTREAM, caPem: upstream.caPem } },
    }),
  );
  await fleet.configure('upstream.pem', upstream.caPem);
  await fleet.configure('token', `${CREDENTIAL}\n`);
  const hosts = Object.values(SITES);
  await fleet.configure(
    'secrets.yaml',
    `client: {from: {file: token}, hosts: [${hosts.join(', ')}]}\n`,
  );
  await fleet.configure(
    'config.yaml',
    [
      `programs: ${place.programs}`,
      ...(engine === null
        ? []
        : [`images: {base: "${engine.base}"}`, `docker: {host: "${engine.endpoint}"}`]),
      'upstream:',
      `  hosts: {${hosts.map((host) => `${host}: ["${address}"]`).join(', ')}}`,
      '  caFiles: [upstream.pem]',
      '',
    ].join('\n'),
  );
  await fleet.repository.commit({
    'desired-state/bottles/base.yaml':
      'routes: [api]\nresources: {cpus: 2, memory: 4GiB, pids: 512}\n',
    'desired-state/routes/api.yaml': `routes:\n${routes(address)}\n`,
  });
  await fleet.controller();
  await fleet.done('reconcile');
  const inside = (script: string) =>
    fleet.bb('exec', 'dev', '--', 'sh', '-c', place.prepare + script);
  const kept = cleanups.move();
  return { fleet, upstream, inside, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What passes on each site; everything else of it is refused. */
const OPEN: { readonly [site in keyof typeof SITES]: readonly string[] } = {
  api: ['/open/'],
  git: ['/fleet.git'],
  npm: ['/left'],
  pypi: ['/simple/left'],
  crates: ['/index/config.json', '/index/le', '/crates/left'],
  go: ['/example.test/left'],
};

function routes(address: string): string {
  return Object.entries(SITES)
    .flatMap(([site, host]) => [
      `  - host: ${host}`,
      `    ports: [${PORT}]`,
      `    addresses: [${address}/32]`,
      `    paths: [${OPEN[site as keyof typeof OPEN].join(', ')}]`,
      '    auth: {scheme: Bearer, secret: client}',
      ...(site === 'git' ? ['    git: {fetch: true}'] : []),
    ])
    .join('\n');
}
