import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebianPackages } from '../debian-packages.ts';
import { type ModernEngine, modernEngine } from './modern-engine.ts';
import { PODMAN_PACKAGES, startPodmanEngine } from './podman-engine.ts';
import { startPrivateEngine } from './private-engine.ts';

/** A backend as a suite is run against it: which test file, and what has to be there before. */
export interface Variant {
  readonly name: string;
  /** Name of its test file in each suite. */
  readonly suite: 'docker' | 'embedded' | 'simulated';
  /** Starts what the suite needs; throws with the reason where this machine cannot have it. */
  open(say: (line: string) => void): Promise<OpenVariant>;
}

interface OpenVariant extends AsyncDisposable {
  /** Added to the environment of the tests. */
  readonly environment: { readonly [name: string]: string };
  /** Put before the command that runs the tests. */
  readonly prefix: readonly string[];
}

/** Every backend, engine, runtime and user that the suites are run against. */
export const VARIANTS: readonly Variant[] = [
  { name: 'simulated', suite: 'simulated', open: nothing },
  { name: 'embedded', suite: 'embedded', open: nothing },
  { name: 'embedded-user', suite: 'embedded', open: asNobody },
  { name: 'docker', suite: 'docker', open: nothing },
  { name: 'docker-29', suite: 'docker', open: (say) => engine29(say, 'runc') },
  { name: 'docker-29-runsc', suite: 'docker', open: (say) => engine29(say, 'runsc') },
  { name: 'podman', suite: 'docker', open: podman },
];

async function nothing(): Promise<OpenVariant> {
  return { environment: {}, prefix: [], [Symbol.asyncDispose]: async () => undefined };
}

/** The user that owns nothing; its files go to a folder that is everybody's. */
async function asNobody(): Promise<OpenVariant> {
  const plain = await nothing();
  if (process.getuid?.() !== 0) return plain;
  const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  return { ...plain, prefix, environment: { HOME: '/tmp', USER: 'nobody' } };
}

/** A fleet takes runsc wherever it is registered, so an engine has it only where it is meant. */
async function engine29(say: (line: string) => void, runtime: 'runc' | 'runsc') {
  asRoot();
  // What runc is compiled with.
  await installDebianPackages(['libseccomp-dev', 'pkg-config'], 'Docker Engine 29');
  const programs: ModernEngine = modernEngine(say);
  if (programs.kind === 'none') throw new Error(programs.reason);
  const engine = await startPrivateEngine({
    folder: freshFolder(),
    programs: programs.folder,
    runtimes: runtime === 'runsc' ? { runsc: programs.runsc } : {},
  });
  return open(engine, {
    BB_TEST_RUNTIME: runtime,
    // For tests that end an engine of their own.
    BB_TEST_ENGINE_PROGRAMS: programs.folder,
  });
}

async function podman() {
  asRoot();
  await installDebianPackages(PODMAN_PACKAGES, 'Podman');
  return open(await startPodmanEngine(freshFolder()), {});
}

function open(
  engine: AsyncDisposable & { readonly endpoint: string },
  environment: { readonly [name: string]: string },
): OpenVariant {
  return {
    environment: { ...environment, BB_TEST_DOCKER_HOST: engine.endpoint },
    prefix: [],
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function asRoot(): void {
  if (process.getuid?.() !== 0) throw new Error('only root can start an engine');
}

/** Short, because the sockets in it may have 107 characters. */
function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), 'bb-engine-'));
}
