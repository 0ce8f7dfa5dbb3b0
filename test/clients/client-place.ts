import { afterAll } from 'vitest';
import { makeStandInNetwork } from '../../scripts/quickstart/network.ts';
import { temporaryFolder } from '../builders/state-directory.ts';
import { dockerUnderTest } from '../engines/docker-under-test.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import type { ScenarioEngine } from '../scenario/engine.ts';
import { type ClientPrograms, findPrograms } from './client-programs.ts';

/** Where the clients run, and which of them are there. */
export type ClientPlace =
  | {
      readonly kind: 'place';
      readonly name: string;
      /** Of this machine, where sidecars reach the sites. */
      readonly address: string;
      readonly engine: Pick<ScenarioEngine, 'docker' | 'endpoint' | 'base'> | null;
      /** Folder that agents see as `/opt/programs`. */
      readonly programs: string;
      readonly found: ClientPrograms;
      /** Shell commands before each script. */
      readonly prepare: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** A bottle that sees this machine's `/usr` as its own. */
export async function embeddedClients(): Promise<ClientPlace> {
  const under = await embeddedUnderTest();
  if (under.kind === 'none') return under;
  const programs = await temporaryFolder();
  afterAll(() => programs[Symbol.asyncDispose]());
  // Loopback is a /8: an address of its own keeps files apart that run at the same time.
  const own = [process.pid >> 8, process.pid].map((part) => part & 0xff);
  return {
    kind: 'place',
    name: 'embedded',
    address: `127.214.${own.join('.')}`,
    engine: null,
    programs: programs.path,
    found: await findPrograms(programs.path),
    prepare: '',
  };
}

/**
 * A container whose folder of programs is this machine's `/usr`, which costs nothing. Its image has the C library of the
 * same machine; what else a program loads is found below that folder.
 */
export async function dockerClients(): Promise<ClientPlace> {
  const under = await dockerUnderTest();
  if (under.kind === 'none') return under;
  const { docker, endpoint, image } = under;
  const network = await makeStandInNetwork(docker, 'bb-clients');
  const classes = await temporaryFolder();
  afterAll(() => Promise.all([network.remove(), classes[Symbol.asyncDispose]()]));
  const found = await findPrograms(classes.path);
  const inside = (path: string) => path.replace(/^\/usr\//, '/opt/programs/');
  return {
    kind: 'place',
    name: 'docker',
    address: network.address,
    engine: { docker, endpoint, base: image },
    programs: '/usr',
    found: {
      ...found,
      // Neither the one in the home folder of whoever runs this, nor one with its settings in `/etc`, is seen there.
      cargo: false,
      javas: found.javas.filter((java) => !java.includes('openjdk')).map(inside),
      go: found.go === null ? null : inside(found.go === 'go' ? '/usr/bin/go' : found.go),
    },
    prepare: [
      // What the image has comes first: the Node of a machine may be an old one.
      'export PATH=/usr/bin:$PATH',
      'export LD_LIBRARY_PATH=$(echo /opt/programs/lib/*-linux-gnu)',
      'export PYTHONPATH=/opt/programs/lib/python3/dist-packages',
      '',
    ].join('\n'),
  };
}
