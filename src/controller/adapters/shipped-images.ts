import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostProgramsImage, ImageBuild } from '../../model/component.ts';
import { fingerprint, sha256 } from '../../model/fingerprint.ts';
import { findPackageRoot } from '../package-root.ts';

/** The images that ship with bb, over one base. */
export interface ShippedImages {
  readonly base: string;
  readonly sidecars: ImageBuild;
  readonly agent: ImageBuild;
}

/** Programs of the sidecars image, as `npm run build` leaves them in `dist/sidecars`. */
const SIDECAR_PROGRAMS = ['bundle.js', 'egress.js', 'supervise.js'] as const;

/** Beside the programs, it spares Node the attempt to read a megabyte as CommonJS first. */
export const MODULE_PACKAGE = '{"type":"module"}\n';

/** What the two Dockerfiles say, for backends that have no engine to read them. */
const SIDECARS_ON_HOST: Omit<HostProgramsImage, 'extra'> = {
  folder: '/opt/bb',
  command: ['node', '/opt/bb/bundle.js'],
  // As `scripts/compiled-code.ts` had it, without which Node does not find what that kept.
  env: { NODE_COMPILE_CACHE_PORTABLE: '1' },
  home: null,
  workdir: '/',
};
const AGENT_ON_HOST: HostProgramsImage = {
  extra: new Map(),
  folder: '/opt/bb',
  command: ['sleep', 'infinity'],
  env: { HOME: '/home/agent', USER: 'agent' },
  home: '/home/agent',
  workdir: '/home/agent/work',
};

/**
 * Reads `images/` and `dist/sidecars` of this package. References are hashes of base, Dockerfile and programs, so that
 * equal ones are built once and a new version of bb never runs the programs of an old one. Throws when bb is not built.
 */
export async function shippedImages(
  base: string,
  root: URL = findPackageRoot().url,
): Promise<ShippedImages> {
  const [sidecarsFile, agentFile, ...programs] = await Promise.all([
    readFile(new URL('images/sidecars.Dockerfile', root), 'utf8'),
    readFile(new URL('images/agent.Dockerfile', root), 'utf8'),
    ...SIDECAR_PROGRAMS.map((name) => readProgram(root, name)),
  ]);
  return {
    base,
    sidecars: {
      ...shippedImage('sidecars', base, sidecarsFile, new Map(programs)),
      onHost: { ...SIDECARS_ON_HOST, extra: await readAccelerators(root) },
    },
    agent: { ...shippedImage('agent', base, agentFile, new Map()), onHost: AGENT_ON_HOST },
  };
}

async function readProgram(root: URL, name: string): Promise<readonly [string, Uint8Array]> {
  try {
    return [name, await readFile(new URL(`dist/sidecars/${name}`, root))];
  } catch (error) {
    throw new Error(`dist/sidecars/${name} is missing: run \`npm run build\``, { cause: error });
  }
}

/** What the build kept in `dist/sidecars/cache`, where it could, and what else makes Node start quicker. */
async function readAccelerators(root: URL): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = new URL('dist/sidecars/cache/', root);
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(relative(fileURLToPath(folder), entry.parentPath), entry.name));
  const read = paths.map(
    async (path) => [join('cache', path), await readFile(new URL(path, folder))] as const,
  );
  // A build that goes on meanwhile takes files away: nothing needs them.
  const kept = (await Promise.allSettled(read)).flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  );
  const description = ['package.json', new TextEncoder().encode(MODULE_PACKAGE)] as const;
  return new Map([description, ...kept]);
}

function shippedImage(
  name: string,
  base: string,
  dockerfile: string,
  context: ReadonlyMap<string, Uint8Array>,
): ImageBuild {
  const programs = [...context].map(([path, content]) => [path, sha256(content)]);
  const hash = fingerprint({ base, dockerfile, programs }).slice(0, 12);
  return { reference: `bb/${name}:${hash}`, dockerfile, buildArgs: { BASE: base }, context };
}
