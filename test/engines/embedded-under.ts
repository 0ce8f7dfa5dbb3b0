import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createEmbeddedBackend } from '../../src/backends/embedded/embedded-backend.ts';
import type { ComponentRef, ImageBuild } from '../../src/model/component.ts';
import { parseBottleName, parseFleetName } from '../../src/model/names.ts';
import type { BackendUnderTest } from '../contract/backend-under-test.ts';

const IMAGE = 'bb/test:1';

/** The embedded backend over `directory`, with an image. */
export async function embeddedUnder(directory: string): Promise<BackendUnderTest> {
  const open = () => createEmbeddedBackend({ directory });
  await open().ensureImage(hostImage(IMAGE), () => undefined);
  return {
    name: 'embedded',
    open,
    image: IMAGE,
    runsPrograms: true,
    keptFolder: '/home/agent',
    diskFolder: '/home/agent',
    runtime: null,
    makeSession: (container) => makeSession(open().execCommand(refOf(container), ['cat'])),
    openAbsent: () => createEmbeddedBackend({ directory: '/dev/null/bb' }),
    makeForeign: (_, name) => makeForeign(join(directory, 'records', `${name}.json`)),
  };
}

/** An image of nothing but this machine's programs. */
export function hostImage(reference: string) {
  return {
    reference,
    dockerfile: '',
    buildArgs: {},
    context: new Map(),
    onHost: {
      folder: '/opt/bb',
      extra: new Map(),
      command: ['sleep', 'infinity'],
      env: { HOME: '/home/agent', USER: 'agent' },
      home: '/home/agent',
      workdir: '/home/agent',
    },
  } as const satisfies ImageBuild;
}

async function makeSession(argv: readonly string[]): Promise<AsyncDisposable> {
  const [program = '', ...rest] = argv;
  const session = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  session.stdin.write('begun\n');
  await once(session.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      session.stdin.end();
      await once(session, 'exit');
    },
  };
}

/** Networks come with their containers, which are files. */
async function makeForeign(path: string): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'of somebody else');
  return { [Symbol.asyncDispose]: () => rm(path) };
}

function refOf(name: string): ComponentRef {
  const [, fleetName = '', bottleName = ''] = /^bb-([a-z0-9]+)-(.*)$/.exec(name) ?? [];
  const fleet = parseFleetName(fleetName);
  const bottle = parseBottleName(bottleName);
  if (fleet === undefined || bottle === undefined) throw new Error(`${name} is not a name of ours`);
  return { fleet, bottle, component: 'agent' };
}
