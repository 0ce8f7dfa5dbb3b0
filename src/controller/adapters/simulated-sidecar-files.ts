import type { Clock } from '../../model/clock.ts';
import { egressState } from '../../model/egress-state.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import { type BottleName, parseBottleName } from '../../model/names.ts';
import type {
  BundleStatus,
  EgressStatus,
  SidecarStatuses,
  SuperviseStatus,
} from '../../model/sidecar.ts';
import type { SidecarFiles, SidecarInputs } from '../ports/sidecar-files.ts';

/** Where simulated sidecars are remembered: a text by bottle. A plain `Map` is one. */
export interface SimulatedSidecarStore {
  keys(): Iterable<string>;
  get(bottle: string): string | undefined;
  set(bottle: string, text: string): unknown;
  delete(bottle: string): unknown;
}

export interface SimulatedSidecarOptions {
  readonly clock: Clock;
  readonly store?: SimulatedSidecarStore;
  /** Why the sidecar of this bottle refuses what it was given; null accepts. */
  readonly refuses?: (bottle: BottleName, inputs: SidecarInputs) => string | null;
  /** What runs the sidecars of this bottle now, named anew at each start; null while nothing does. */
  readonly running?: (bottle: BottleName) => string | null;
}

const NOTHING: SidecarStatuses = { egress: null, supervise: null, bundle: null };

/** Sidecars that load what they are given at once: rendering is being in force, unless they refuse. */
export class SimulatedSidecarFiles implements SidecarFiles {
  readonly #clock: Clock;
  readonly #store: SimulatedSidecarStore;
  readonly #refuses: NonNullable<SimulatedSidecarOptions['refuses']>;
  readonly #running: NonNullable<SimulatedSidecarOptions['running']>;
  readonly #watchers = new Set<(bottle: BottleName) => void>();

  constructor(options: SimulatedSidecarOptions) {
    this.#clock = options.clock;
    this.#store = options.store ?? new Map<string, string>();
    this.#refuses = options.refuses ?? (() => null);
    this.#running = options.running ?? (() => null);
  }

  async prepare(bottle: BottleName): Promise<void> {
    if (this.#store.get(bottle) === undefined) this.#save(bottle, NOTHING);
  }

  async render(bottle: BottleName, inputs: SidecarInputs): Promise<void> {
    const before = this.#stored(bottle);
    const refusal = this.#refuses(bottle, inputs);
    const atText = new Date(this.#clock.nowMs()).toISOString();
    this.#save(bottle, {
      egress: nextEgress(before.egress, inputs, refusal, atText),
      supervise: nextSupervise(before.supervise, inputs, atText),
      bundle: {
        programs: ['egress', 'supervise'].map((name) => ({
          name,
          state: 'running',
          restarts: 0,
          lastExit: null,
        })),
        ...nextPipelock(inputs, refusal),
      },
    });
    for (const watcher of this.#watchers) watcher(bottle);
  }

  async read(bottle: BottleName): Promise<SidecarStatuses> {
    const statuses = this.#stored(bottle);
    const { egress, supervise } = statuses;
    const instance = this.#running(bottle);
    if (instance === null || egress === null || supervise === null) return statuses;
    return { ...statuses, egress: { ...egress, instance }, supervise: { ...supervise, instance } };
  }

  async publishTrust(_bottle: BottleName, _caPem: string): Promise<void> {}

  async remove(bottle: BottleName): Promise<void> {
    this.#store.delete(bottle);
  }

  async list(): Promise<readonly BottleName[]> {
    return [...this.#store.keys()].flatMap((raw) => parseBottleName(raw) ?? []).sort();
  }

  watch(onHint: (bottle: BottleName) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#watchers.add(onHint);
    signal.addEventListener('abort', () => this.#watchers.delete(onHint), { once: true });
  }

  #stored(bottle: BottleName): SidecarStatuses {
    const text = this.#store.get(bottle);
    return text === undefined ? NOTHING : (JSON.parse(text) as SidecarStatuses);
  }

  #save(bottle: BottleName, statuses: SidecarStatuses): void {
    this.#store.set(bottle, JSON.stringify(statuses));
  }
}

function nextEgress(
  before: EgressStatus | null,
  { egress, secrets }: SidecarInputs,
  refusal: string | null,
  at: string,
): EgressStatus {
  const generation = Math.max(before?.generation ?? 0, before?.refusedGeneration ?? 0) + 1;
  const base = before ?? unloadedEgress(egress.bottle, at);
  if (refusal !== null) return { ...base, error: refusal, refusedGeneration: generation };
  if (base.tableHash === egress.hash) return { ...base, error: null, refusedGeneration: null };
  const { deny: _deny, pipelockConfig: _pipelockConfig, ...kept } = base;
  const { deny, pipelockConfig } = egress;
  return {
    ...kept,
    state: egressState(egress, Date.parse(at)),
    generation,
    tableHash: egress.hash,
    loadedAt: at,
    error: null,
    refusedGeneration: null,
    routes: egress.routes,
    allowlist: egress.allowlist,
    secrets: Object.fromEntries(
      Object.entries(secrets).map(([name, { version }]) => [name, version]),
    ),
    ...(deny === undefined ? {} : { deny }),
    ...(pipelockConfig === undefined ? {} : { pipelockConfig }),
  };
}

function unloadedEgress(bottle: BottleName, at: string): EgressStatus {
  return {
    sidecar: 'egress',
    state: 'degraded',
    instance: fingerprint({ bottle, at }).slice(0, 16),
    startedAt: at,
    generation: 0,
    tableHash: null,
    loadedAt: null,
    error: null,
    refusedGeneration: null,
    routes: [],
    allowlist: [],
    secrets: {},
    caPem: `simulated certificate of ${bottle}\n`,
  };
}

/** A second gate that enforces at once what came with the table. */
function nextPipelock(
  { egress }: SidecarInputs,
  error: string | null,
): Pick<BundleStatus, 'pipelock'> {
  const { pipelockConfig } = egress;
  if (pipelockConfig === undefined) return {};
  return {
    pipelock: {
      state: 'ready',
      version: 'simulated',
      configHash: error === null ? pipelockConfig : null,
      error,
      blocked: 0,
    },
  };
}

function nextSupervise(
  before: SuperviseStatus | null,
  { supervise }: SidecarInputs,
  at: string,
): SuperviseStatus {
  if (before?.settingsHash === supervise.hash) return before;
  return {
    sidecar: 'supervise',
    state: 'ready',
    instance: before?.instance ?? fingerprint({ at }).slice(0, 16),
    startedAt: before?.startedAt ?? at,
    generation: (before?.generation ?? 0) + 1,
    settingsHash: supervise.hash,
    waitSeconds: supervise.waitSeconds,
    maxPendingPerBottle: supervise.maxPendingPerBottle,
    error: null,
  };
}
