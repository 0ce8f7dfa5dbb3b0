import { type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import type { AttackedPlace } from './attacked-place.ts';
import { type Arrived, attackedUpstreams, routesFile } from './attacked-upstreams.ts';
import { type CarelessMachine, carelessMachine } from './careless-machine.ts';

/** What must be found nowhere but in requests to `API`. */
export const SECRET = 's3cr3t-hunter2-of-the-escape-suite';

export const MOST_PENDING = 3;

/** Two bottles, `dev` and `other`, two local upstreams, and services on every address of this machine. */
export interface AttackedFleet extends AsyncDisposable {
  readonly fleet: FleetUnderTest;
  readonly arrived: readonly Arrived[];
  readonly machine: CarelessMachine;
  /** Addresses of the sidecars on the network that leads out, where there is one. */
  readonly outside: { readonly dev: string | null; readonly other: string | null };
  readonly place: AttackedPlace;
  /** Routes file `api` with these paths of `API`. */
  routes(paths: string): string;
  /** Replaces the table again and again while `act` runs; `act` is told how often that was done so far. */
  whileReloading(act: (reloads: () => number) => Promise<void>): Promise<void>;
  /** Does something while no controller looks. */
  unattended(act: () => Promise<void>): Promise<void>;
}

export async function attackedFleet(place: AttackedPlace): Promise<AttackedFleet> {
  await using cleanups = new AsyncDisposableStack();
  const upstreams = cleanups.use(await attackedUpstreams(place.address));
  const { arrived, caPem } = upstreams;
  const upstream = { ...NO_UPSTREAM, address: place.address, caPem };
  const fleet = cleanups.use(
    await fleetUnderTest({
      isEmbedded: place.engine === null,
      engine: place.engine === null ? null : { ...place.engine, upstream, hostConfig: '' },
      texts: { instances: '[{name: dev}, {name: other}]' },
    }),
  );
  const hosts = upstreams.names.map((name) => `    "${name}": ["${place.address}"]`);
  await fleet.configure('config.yaml', hostConfig(place, hosts));
  await fleet.configure('upstream.pem', caPem);
  await fleet.configure('token', `${SECRET}\n`);
  await fleet.configure('secrets.yaml', 'api: {from: {file: token}, hosts: [api.example.test]}\n');
  const routes = (paths: string): string => routesFile(place.address, paths);
  await fleet.repository.commit({
    'desired-state/fleet.yaml': `name: ${fleet.name}\ndefaults: {bottle: base}\nsupervise: {waitSeconds: 30, maxPendingPerBottle: ${MOST_PENDING}}\n`,
    'desired-state/routes/api.yaml': routes('/public/'),
  });
  let controller = await fleet.controller();
  await fleet.done('reconcile');
  const machine = cleanups.use(await carelessMachine());
  const kept = cleanups.move();
  return {
    ...{ fleet, place, arrived, machine, routes },
    async whileReloading(act) {
      let reloads = 0;
      let isOver = false;
      const reloading = async () => {
        for (; !isOver; reloads += 1) {
          const paths = reloads % 2 === 0 ? '/public/, /more/' : '/public/';
          await fleet.repository.commit({ 'desired-state/routes/api.yaml': routes(paths) });
          await fleet.done('reconcile');
        }
      };
      const ends = reloading();
      try {
        await act(() => reloads);
      } finally {
        isOver = true;
        await ends;
      }
    },
    async unattended(act) {
      await controller.stop();
      try {
        await act();
      } finally {
        controller = await fleet.controller();
      }
    },
    outside: {
      dev: await place.outsideOf(fleet, 'dev'),
      other: await place.outsideOf(fleet, 'other'),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function hostConfig({ engine }: AttackedPlace, hosts: readonly string[]): string {
  return [
    ...(engine === null
      ? []
      : [`images: {base: "${engine.base}"}`, `docker: {host: "${engine.endpoint}"}`]),
    'upstream:',
    '  hosts:',
    ...hosts,
    '  caFiles: [upstream.pem]',
    '',
  ].join('\n');
}

/** The fleet's own upstream is not used: this suite looks at what arrives more closely. */
const NO_UPSTREAM = {
  received: [],
  tell: () => 0,
  end: () => 0,
  [Symbol.asyncDispose]: async () => undefined,
};
