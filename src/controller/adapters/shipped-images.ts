import { readFile } from 'node:fs/promises';
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

/** What the two Dockerfiles say, for backends that have no engine to read them. */
const SIDECARS_ON_HOST: HostProgramsImage = {
  folder: '/opt/bb',
  command: ['node', '/opt/bb/bundle.js'],
  env: {},
  home: null,
  workdir: '/',
};
const AGENT_ON_HOST: HostProgramsImage = {
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
      onHost: SIDECARS_ON_HOST,
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
