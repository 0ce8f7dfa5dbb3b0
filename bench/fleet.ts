import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, type Result } from 'execa';
import { stateDirectory } from '../src/controller/adapters/state-directory.ts';
import type { ControllerOptions } from '../src/controller/api.ts';
import { type FleetName, parseFleetName } from '../src/model/names.ts';
import { eventually } from '../test/eventually.ts';
import type { Bench } from './bench.ts';

export interface FleetOptions {
  readonly backend: 'docker' | 'embedded' | 'simulated';
  /** Bottles `worker-1` to `worker-<n>`. */
  readonly bottles: number;
  /** YAML of the routes that all of them have, in `routes/api.yaml`. */
  readonly routes?: string;
  /** Lines of the host's `config.yaml` beside those of the engine. */
  readonly config?: readonly string[];
  /** Files beside it. */
  readonly configFiles?: Files;
}

type Environment = { readonly [name: string]: string | undefined };
type Files = { readonly [path: string]: string };

/** A described fleet with a home of its own: nothing of the operator's configuration or state takes part. */
export interface BenchFleet {
  readonly name: FleetName;
  readonly repository: string;
  readonly stateDirectory: string;
  readonly options: ControllerOptions;
  bb(...argv: readonly string[]): Promise<Result>;
  /** Starts `bb` with its streams open; how it ends is the caller's to look at. */
  spawnBb(...argv: readonly string[]): ReturnType<typeof spawnProgram>;
  git(...argv: readonly string[]): Promise<string>;
  /** Writes files below the desired-state folder and commits them. */
  commit(files: Files): Promise<void>;
  /** As `commit`, up to the last step: the branch moves when the returned function is called. */
  prepare(files: Files): Promise<() => Promise<void>>;
  /** Runs `bb controller` until the benchmark ends; resolves when it answers. */
  startController(): Promise<{ readonly pid: number }>;
}

/** Makes the repository and the host's configuration; what runs of it is removed with the benchmark. */
export async function openFleet(bench: Bench, options: FleetOptions): Promise<BenchFleet> {
  const program = await bench.program();
  const label = `bench-${Math.random().toString(36).slice(2, 8)}`;
  const name = parseFleetName(label);
  if (name === undefined) throw new Error(`${label} is no fleet name`);
  const folder = join(bench.folder, name);
  const repository = join(folder, 'repository');
  const environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_STATE_HOME: join(folder, 'state'),
    GIT_AUTHOR_NAME: 'operator',
    GIT_AUTHOR_EMAIL: 'operator@example.test',
    GIT_COMMITTER_NAME: 'operator',
    GIT_COMMITTER_EMAIL: 'operator@example.test',
  };
  const run = { cwd: repository, env: environment, extendEnv: false } as const;
  await writeFiles(join(folder, 'config/bb'), {
    ...options.configFiles,
    'config.yaml': await hostConfig(bench, options),
  });
  await mkdir(repository, { recursive: true });
  const git = async (...argv: readonly string[]) => (await execa('git', argv, run)).stdout;
  await git('init', '--quiet', '--initial-branch=main');

  const fleet: BenchFleet = {
    name,
    repository,
    stateDirectory: stateDirectory(environment, name),
    options: { repository, environment, backend: options.backend },
    bb: (...argv) => execa(program, ['--backend', options.backend, ...argv], run),
    spawnBb: (...argv) => spawnProgram(program, ['--backend', options.backend, ...argv], run),
    git,
    async commit(files) {
      await (await fleet.prepare(files))();
    },
    async prepare(files) {
      await writeFiles(join(repository, 'desired-state'), files);
      await git('add', '--all');
      const tree = await git('write-tree');
      const tip = await git('rev-parse', '--verify', '--quiet', 'main').catch(() => null);
      const parents = tip === null ? [] : ['-p', tip];
      const revision = await git('commit-tree', tree, ...parents, '-m', 'Change the fleet');
      return async () => {
        await git('update-ref', 'refs/heads/main', revision);
      };
    },
    async startController() {
      const controller = fleet.spawnBb('controller');
      bench.defer(async () => {
        controller.kill('SIGTERM');
        await controller;
      });
      let output = '';
      controller.stdout.on('data', (chunk) => {
        output += String(chunk);
      });
      await eventually('the controller follows', () => output.includes('following'), 20_000);
      // `bin/bb` is replaced by Node, so this is the controller itself.
      return { pid: controller.pid ?? 0 };
    },
  };
  await fleet.commit(desiredState(name, options));
  if (options.backend === 'docker') bench.defer(() => removeBottles(bench, name));
  return fleet;
}

function spawnProgram(
  program: string,
  argv: readonly string[],
  run: { readonly cwd: string; readonly env: Environment; readonly extendEnv: false },
) {
  return execa(program, argv, { ...run, reject: false });
}

async function hostConfig(bench: Bench, options: FleetOptions): Promise<string> {
  const lines = ['envAllowed: []', ...(options.config ?? [])];
  if (options.backend === 'docker') {
    const { base, endpoint } = await bench.engine();
    lines.push(`images: { base: "${base}" }`, `docker: { host: "${endpoint}" }`);
  }
  return `${lines.join('\n')}\n`;
}

function desiredState(name: FleetName, { bottles, routes }: FleetOptions): Files {
  const example = '- { host: api.example.test, paths: [/public/] }';
  return {
    'fleet.yaml': `name: ${name}\ndefaults: { backend: auto, bottle: base }\n`,
    'bottles/base.yaml':
      'env: { PAGER: cat }\nresources: { cpus: 1, memory: 512MiB }\nroutes: [api]\n',
    'routes/api.yaml': `routes:\n  ${(routes ?? example).trim().replaceAll('\n', '\n  ')}\n`,
    'agents/worker.yaml': `provider: { command: [bash] }\ninstances: ${bottles}\n`,
  };
}

async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text, { mode: 0o600 });
  }
}

/** Takes the fleet's things from the engine without asking the program that is measured. */
async function removeBottles(bench: Bench, fleet: FleetName): Promise<void> {
  const { docker } = await bench.engine();
  const filters = { name: [`^/?bb-${fleet}-`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
  );
  for (const { Id } of await docker.listNetworks({ filters: { name: [`bb-${fleet}-`] } })) {
    await docker.getNetwork(Id).remove();
  }
}
