import { describe, expect, test } from 'vitest';
import { startStandIn } from '../../scripts/quickstart/stand-in.ts';
import { type ModelPlace, modelPlace } from '../providers/model-place.ts';
import { realPipelock } from '../sidecars/pipelock/pipelock-program.ts';
import { get } from './bottle.ts';
import { route } from './fleet-files.ts';
import { type FleetUnderTest, fleetUnderTest } from './fleet-under-test.ts';
import { API, NO_UPSTREAM, PORT, URL_OF_API } from './upstream.ts';

const OTHER = 'other.example.test';
const program = realPipelock();

for (const backend of ['embedded', 'docker'] as const) {
  const title = `a fleet with pipelock behind egress (${backend})`;
  if (program === null) {
    describe.skip(`${title}: none on PATH, none named by BB_PIPELOCK`);
    continue;
  }
  const place = await modelPlace(backend, 'pipelock');
  if (place.kind === 'none') {
    describe.skip(`${title}: ${place.reason}`);
    continue;
  }
  test(title, { timeout: 60_000 }, async () => {
    await using world = await pipelockFleet(place, program);
    const { fleet } = world;
    const hello = () => get(fleet, 'dev', `${URL_OF_API}/public/hello`);
    const other = () => get(fleet, 'dev', `https://${OTHER}:${PORT}/public/hello`);

    await fleet.done('reconcile');
    const { bottles, notEnforced } = await fleet.status();
    expect(bottles[0]?.sidecars).toContainEqual(
      expect.objectContaining({ name: 'pipelock', state: 'ready' }),
    );
    expect(notEnforced).toEqual([]);
    expect(await hello()).toMatch(/^200 hello/);
    expect(await other()).not.toMatch(/^200/);
    expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);

    await fleet.repository.commit({
      'desired-state/routes/api.yaml': routesTo(place.address, [API, OTHER]),
    });
    await fleet.done('reconcile');
    expect(await other()).toMatch(/^200 hello/);
    expect(await hello()).toMatch(/^200 hello/);

    await fleet.repository.commit({
      'desired-state/routes/api.yaml': routesTo(place.address, [OTHER]),
    });
    await fleet.done('reconcile');
    expect(await hello()).not.toMatch(/^200/);
    expect(await other()).toMatch(/^200 hello/);

    await fleet.configure('config.yaml', hostConfig(place, 'off'));
    await fleet.done('reconcile');
    expect((await fleet.status()).notEnforced).toEqual([
      'pipelock: built-in (egress enforces the host list by itself)',
    ]);
    expect(await other()).toMatch(/^200 hello/);
  });
}

type Place = Extract<ModelPlace, { readonly kind: 'place' }>;

async function pipelockFleet(
  place: Place,
  path: string,
): Promise<AsyncDisposable & { readonly fleet: FleetUnderTest }> {
  const cleanups = new AsyncDisposableStack();
  const standIn = cleanups.use(await startStandIn([API, OTHER], place.address, PORT));
  const fleet = cleanups.use(
    await fleetUnderTest({
      isEmbedded: place.engine === null,
      engine: place.engine && {
        ...place.engine,
        hostConfig: '',
        upstream: { ...NO_UPSTREAM, caPem: standIn.caPem },
      },
    }),
  );
  await fleet.configure('upstream.pem', standIn.caPem);
  await fleet.configure('config.yaml', hostConfig(place, `{program: "${path}"}`));
  await fleet.repository.commit({
    'desired-state/routes/api.yaml': routesTo(place.address, [API]),
  });
  return { fleet, [Symbol.asyncDispose]: () => cleanups.disposeAsync() };
}

function routesTo(address: string, hosts: readonly string[]): string {
  const routes = hosts.flatMap((host) =>
    route(address, 'paths: [/public/]').map((line) => line.replace(API, host)),
  );
  return `routes:\n${routes.join('\n')}\n`;
}

function hostConfig({ engine, address }: Place, pipelock: string): string {
  return [
    ...(engine === null
      ? []
      : [`images: {base: "${engine.base}"}`, `docker: {host: "${engine.endpoint}"}`]),
    `pipelock: ${pipelock}`,
    'upstream:',
    `  hosts: {${[API, OTHER].map((host) => `${host}: ["${address}"]`).join(', ')}}`,
    '  caFiles: [upstream.pem]',
    '',
  ].join('\n');
}
