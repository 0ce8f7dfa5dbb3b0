import type { Availability, BackendCapabilities } from '../../model/availability.ts';
import type { Clock } from '../../model/clock.ts';
import {
  type ComponentRef,
  type ContainerSpec,
  type CopiedFile,
  type ImageBuild,
  type NetworkSpec,
  runtimeName,
} from '../../model/component.ts';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { BackendObservation, DiskUse } from '../../model/observed-state.ts';
import {
  type Backend,
  BackendError,
  type BackendHint,
  type ExecRequest,
  type ExecResult,
} from '../backend.ts';
import { type Faults, NO_FAULTS, type SimulatedCall } from './faults.ts';
import {
  createContainer,
  createNetwork,
  ownContainer,
  removeComponent,
  startContainer,
  stopContainer,
  transient,
} from './simulated-containers.ts';
import { agentDiskUse } from './simulated-disk-use.ts';
import type { SimulatedEngine } from './simulated-engine.ts';
import { observeEngine } from './simulated-observation.ts';

export interface SimulatedBackendOptions {
  readonly engine: SimulatedEngine;
  readonly clock: Clock;
  readonly name?: string;
  readonly runtimes?: readonly string[];
  readonly faults?: Faults;
  /** What programs answer; by default every one succeeds and says nothing. */
  readonly programs?: (ref: ComponentRef, request: ExecRequest) => ExecResult;
}

const CAPABILITIES: BackendCapabilities = {
  reload: true,
  internalNetwork: true,
  freeze: true,
  capabilityChange: true,
  wholeDockerfiles: true,
  rootfs: true,
  attach: true,
  otherUsers: true,
  diskLimit: true,
  closedRuntimes: [],
};

/** A backend without an engine: bottles are entries of a map. For tests, and for fleets of thousands. */
export class SimulatedBackend implements Backend {
  readonly name: string;
  readonly capabilities = CAPABILITIES;
  readonly #engine: SimulatedEngine;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #programs: NonNullable<SimulatedBackendOptions['programs']>;
  readonly #runtimes: readonly string[];

  constructor(options: SimulatedBackendOptions) {
    this.name = options.name ?? 'simulated';
    this.#engine = options.engine;
    this.#clock = options.clock;
    this.#faults = options.faults ?? NO_FAULTS;
    this.#programs = options.programs ?? succeed;
    this.#runtimes = options.runtimes ?? ['runc'];
  }

  async probe(): Promise<Availability> {
    return { available: true, detail: 'simulated: nothing really runs', runtimes: this.#runtimes };
  }

  async observe(fleet: FleetName): Promise<BackendObservation> {
    try {
      await this.#faults.before('observe', null);
      const observation = observeEngine(this.#engine, this.name, fleet);
      await this.#faults.after('observe', null);
      return observation;
    } catch (error) {
      return { available: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  watch(fleet: FleetName, onHint: (hint: BackendHint) => void, signal: AbortSignal): void {
    const tell = (hint: BackendHint) => {
      if (hint.bottle === null || !this.#faults.losesHint(hint.bottle)) onHint(hint);
    };
    this.#engine.watch(fleet, tell, signal);
  }

  async ensureImage(build: ImageBuild, onProgress: (line: string) => void): Promise<void> {
    await this.#call('ensureImage', null, () => {
      if (this.#engine.hasImage(build.reference)) return;
      onProgress(`simulated build of ${build.reference}`);
      this.#engine.put({ kind: 'image', name: build.reference });
    });
  }

  async createNetwork(network: NetworkSpec): Promise<void> {
    await this.#call('createNetwork', network.identity, () => createNetwork(this.#engine, network));
  }

  async createContainer(container: ContainerSpec): Promise<void> {
    await this.#call('createContainer', container.identity, () => {
      const { runtime } = container;
      if (runtime !== null && !this.#runtimes.includes(runtime)) {
        throw new BackendError({
          code: 'unknown-runtime',
          kind: 'terminal',
          message: `there is no runtime ${runtime}`,
          hint: 'use runtime: auto',
        });
      }
      const createdAt = new Date(this.#clock.nowMs()).toISOString();
      createContainer(this.#engine, container, createdAt);
    });
  }

  async start(ref: ComponentRef): Promise<void> {
    await this.#call('start', ref, () => startContainer(this.#engine, ref));
  }

  async stop(ref: ComponentRef, _graceMs: number): Promise<void> {
    await this.#call('stop', ref, () => stopContainer(this.#engine, ref, 143));
  }

  async remove(ref: ComponentRef): Promise<void> {
    await this.#call('remove', ref, () => {
      removeComponent(this.#engine, ref);
      this.#engine.files.delete(runtimeName(ref));
    });
  }

  async exec(ref: ComponentRef, request: ExecRequest): Promise<ExecResult> {
    return this.#call('exec', ref, () => {
      const container = ownContainer(this.#engine, ref);
      if (container.state !== 'running') {
        throw transient('failed', `${container.name} does not run`);
      }
      return this.#programs(ref, request);
    });
  }

  attachCommand(_ref: ComponentRef, argv: readonly string[]): readonly string[] {
    return argv.length === 0 ? ['sh'] : argv;
  }

  execCommand(ref: ComponentRef, argv: readonly string[]): readonly string[] {
    return this.attachCommand(ref, argv);
  }

  async copyIn(ref: ComponentRef, folder: string, files: readonly CopiedFile[]): Promise<void> {
    await this.#call('copyIn', ref, () => {
      const { name } = ownContainer(this.#engine, ref);
      const inside = this.#engine.files.get(name) ?? new Map<string, CopiedFile>();
      for (const file of files) inside.set(`${folder}/${file.path}`, file);
      this.#engine.files.set(name, inside);
    });
  }

  async copyOut(ref: ComponentRef, path: string, maxBytes: number): Promise<Uint8Array | null> {
    return this.#call('copyOut', ref, () => {
      const file = this.#engine.files.get(ownContainer(this.#engine, ref).name)?.get(path);
      return file?.content instanceof Uint8Array ? file.content.slice(0, maxBytes) : null;
    });
  }

  async signal(ref: ComponentRef, signal: string): Promise<void> {
    await this.#call('signal', ref, () => {
      ownContainer(this.#engine, ref);
      if (['KILL', 'SIGKILL'].includes(signal)) stopContainer(this.#engine, ref, 137);
    });
  }

  async isBusy(ref: ComponentRef): Promise<boolean> {
    return this.#call('isBusy', ref, () => {
      const container = this.#engine.container(runtimeName(ref));
      return container?.state === 'running' && container.busy;
    });
  }

  async *logs(
    ref: ComponentRef,
    options: { readonly follow: boolean; readonly signal: AbortSignal },
  ): AsyncIterable<string> {
    yield `${ownContainer(this.#engine, ref).name} is simulated and says nothing`;
    while (options.follow && !options.signal.aborted) {
      await this.#clock.sleep(60_000, options.signal).catch(() => undefined);
    }
  }

  async snapshot(ref: ComponentRef, reference: string): Promise<void> {
    await this.#call('snapshot', ref, () => {
      ownContainer(this.#engine, ref);
      this.#engine.put({ kind: 'image', name: reference });
    });
  }

  async diskUse(
    fleet: FleetName,
    limits: ReadonlyMap<BottleName, number>,
  ): Promise<ReadonlyMap<BottleName, DiskUse>> {
    return this.#call('diskUse', null, () => agentDiskUse(this.#engine, fleet, limits));
  }

  async stats(
    ref: ComponentRef,
  ): Promise<{ readonly cpuSeconds: number; readonly memoryBytes: number }> {
    ownContainer(this.#engine, ref);
    return { cpuSeconds: 0, memoryBytes: 0 };
  }

  async #call<Result>(
    call: SimulatedCall,
    ref: ComponentRef | null,
    effect: () => Result,
  ): Promise<Result> {
    await this.#faults.before(call, ref);
    const result = effect();
    await this.#faults.after(call, ref);
    return result;
  }
}

function succeed(): ExecResult {
  return { exitCode: 0, stdout: '', stderr: '', truncated: false };
}
