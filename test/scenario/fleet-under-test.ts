import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ExecaMethod, execa } from 'execa';
import type { FleetStatus } from '../../src/model/status.ts';
import { gitRepository, type TestRepository } from '../builders/repository.ts';
import { uniqueFleet } from '../contract/backend-under-test.ts';
import { builtProgram } from './built-program.ts';
import { type FleetOnEngine, fleetOnEngine, type ScenarioEngine } from './engine.ts';
import { type FleetTexts, fleetFiles } from './fleet-files.ts';
import { type RunningController, startController } from './running-controller.ts';

export interface FleetOptions {
  /** Null needs no engine: everything is simulated, or on this machine alone. */
  readonly engine: ScenarioEngine | null;
  readonly isEmbedded?: boolean;
  readonly texts?: Omit<FleetTexts, 'address'>;
}

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly all: string;
}

/** A fleet with a repository, host settings and a state directory of its own. */
export interface FleetUnderTest extends AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  /** Options that every `bb` of it is run with. */
  readonly globals: readonly string[];
  readonly repository: TestRepository;
  readonly environment: { readonly [name: string]: string };
  /** Its things on the engine. */
  readonly engine: FleetOnEngine;
  /** Address of the local upstream; a documentation address where nothing runs. */
  readonly address: string;
  readonly transcript: string[];
  /** Runs the built `bb` in the repository, however it ends. */
  bb(...argv: readonly string[]): Promise<Ended>;
  /** The same; fails unless it ends with 0. */
  done(...argv: readonly string[]): Promise<Ended>;
  /** What `bb <argv> --json` printed. */
  json<Value>(...argv: readonly string[]): Promise<Value>;
  /** Starts `bb` and leaves it running, for a scenario that interrupts it. */
  spawn(...argv: readonly string[]): ReturnType<ExecaMethod<{ reject: false; all: true }>>;
  status(): Promise<FleetStatus>;
  /** Starts `bb controller` and waits until it answers; ended with the fleet at the latest. */
  controller(): Promise<RunningController>;
  /** Writes a file of the host's settings. */
  configure(file: string, text: string, mode?: number): Promise<void>;
  engineLogs(): Promise<string>;
}

export async function fleetUnderTest(options: FleetOptions): Promise<FleetUnderTest> {
  const program = await builtProgram();
  const name = uniqueFleet();
  const folder = await mkdtemp(join(tmpdir(), 'bb-scenario-'));
  const address = options.engine?.upstream.address ?? '192.0.2.1';
  const repository = await gitRepository({
    files: fleetFiles(name, { address, ...options.texts }),
  });
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_RUNTIME_DIR: folder,
    // What one of them compiled is there for all of this run.
    XDG_CACHE_HOME: process.env['BB_TEST_ENGINE_FOLDER'] ?? folder,
    BB_OPERATOR: 'olga@example.test',
  };
  const engine = fleetOnEngine(options.engine, name);
  const globals = globalsOf(options);
  const controllers: RunningController[] = [];
  const transcript: string[] = [];
  const running = {
    cwd: repository.root,
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    all: true,
  } as const;
  const spawn = (...argv: readonly string[]) => execa(program, [...globals, ...argv], running);

  const fleet: FleetUnderTest = {
    ...{ name, folder, globals, repository, environment, engine, address, transcript, spawn },
    async bb(...argv) {
      const { exitCode, stdout, stderr, all } = await spawn(...argv);
      transcript.push(`$ bb ${argv.join(' ')}`, all, `-> ${exitCode}`);
      return { exitCode, stdout, stderr, all };
    },
    async done(...argv) {
      const ended = await fleet.bb(...argv);
      if (ended.exitCode === 0) return ended;
      throw new Error(`bb ${argv.join(' ')} ended with ${ended.exitCode}:\n${ended.all}`);
    },
    json: async (...argv) => JSON.parse((await fleet.done(...argv, '--json')).stdout),
    status: () => fleet.json<FleetStatus>('status'),
    async controller() {
      const controller = await startController(fleet);
      controllers.push(controller);
      return controller;
    },
    async configure(file, text, mode = 0o600) {
      const path = join(folder, 'config/bb', file);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, text, { mode });
    },
    async engineLogs() {
      for (const { lines } of controllers) transcript.push('controller:', ...lines);
      return engine.logs();
    },
    async [Symbol.asyncDispose]() {
      for (const controller of controllers) await controller.stop();
      if (options.isEmbedded === true) await endBottles(fleet);
      await engine.removeAll();
      await repository[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.engine !== null) {
    await fleet.configure('config.yaml', options.engine.hostConfig);
    await fleet.configure('upstream.pem', options.engine.upstream.caPem);
  }
  return fleet;
}

function globalsOf({ engine, isEmbedded }: FleetOptions): readonly string[] {
  if (isEmbedded === true) return ['--backend', 'embedded'];
  return engine === null ? ['--backend', 'simulated'] : [];
}

/** Their processes outlive us, and nobody else knows of them. */
export async function endBottles({ repository, bb }: FleetUnderTest): Promise<void> {
  const listed = await repository.git('ls-files', 'desired-state/agents');
  const agents = listed.split('\n').filter((path) => path !== '');
  if (agents.length === 0) return;
  await repository.commit(Object.fromEntries(agents.map((path) => [path, null])));
  await bb('reconcile', '--allow-mass-delete');
}
