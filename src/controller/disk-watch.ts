import type { Backend } from '../backends/backend.ts';
import { byteWords } from '../model/byte-words.ts';
import type { Clock } from '../model/clock.ts';
import type { BottleName } from '../model/names.ts';
import type { DiskUse } from '../model/observed-state.ts';
import type { DiskReadings } from './disk-readings.ts';
import type { FleetJournal } from './fleet-journal.ts';
import type { PassResult } from './pass.ts';

interface DiskWatchPorts {
  readonly backends: readonly Backend[];
  readonly clock: Clock;
  readonly journal: Pick<FleetJournal, 'record'>;
  readonly readings: DiskReadings;
  /** What the last pass knew; null before the first. */
  readonly last: () => PassResult | null;
}

const PAUSE_MS = 5_000;
/** Looking takes no more than this part of the time, however long one look is. */
const SHARE = 1 / 50;

/**
 * Measures what bottles take on the disk, beside the passes: a pass takes no time for it and decides by what was read
 * last. What cannot be measured is told once, and keeps what was read before.
 */
export class DiskWatch {
  readonly #ports: DiskWatchPorts;
  /** Backends whose failure was told. */
  readonly #failing = new Set<string>();

  constructor(ports: DiskWatchPorts) {
    this.#ports = ports;
  }

  /** Looks until `signal` aborts; `onCrossed` is called when a bottle came past its limit, or within it again. */
  async run(signal: AbortSignal, onCrossed: () => void): Promise<void> {
    const { clock } = this.#ports;
    while (!signal.aborted) {
      const beganMs = clock.elapsedMs();
      const crossed = await this.look(signal).catch(() => false);
      if (crossed) onCrossed();
      const tookMs = clock.elapsedMs() - beganMs;
      await clock.sleep(Math.max(PAUSE_MS, tookMs / SHARE), signal).catch(() => undefined);
    }
  }

  /** One look at all bottles that the last pass knew. True when one of them crossed its limit. */
  async look(signal: AbortSignal): Promise<boolean> {
    const result = this.#ports.last();
    if (result === null) return false;
    const measured = new Map<BottleName, DiskUse>();
    for (const backend of this.#ports.backends) {
      const limits = limitsOn(backend, result);
      const uses =
        limits.size === 0 ? new Map() : await this.#uses(backend, limits, result, signal);
      for (const [bottle, use] of uses) measured.set(bottle, use);
    }
    if (signal.aborted) return false;
    const crossed = this.#ports.readings.replace(measured, (bottle, use) =>
      isPast(use, bottle, result),
    );
    // A disk that takes no line is no reason to let it be filled.
    for (const bottle of crossed) await this.#tell(bottle, result).catch(() => undefined);
    return crossed.length > 0;
  }

  async #uses(
    backend: Backend,
    limits: ReadonlyMap<BottleName, number>,
    { desired, revision }: PassResult,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<BottleName, DiskUse>> {
    try {
      const uses = await backend.diskUse(desired.fleet.name, limits, signal);
      this.#failing.delete(backend.name);
      return uses;
    } catch (error) {
      if (!signal.aborted && !this.#failing.has(backend.name)) {
        this.#failing.add(backend.name);
        const why = error instanceof Error ? error.message : String(error);
        await this.#ports.journal.record({
          ...{ severity: 'warning', bottle: null, reason: 'DiskNotMeasured', revision },
          message: `what bottles on ${backend.name} take on the disk is not known, and not limited meanwhile: ${why}`,
        });
      }
      return this.#ports.readings.of([...limits.keys()]);
    }
  }

  async #tell(bottle: BottleName, { desired, revision }: PassResult): Promise<void> {
    const use = this.#ports.readings.of([bottle]).get(bottle);
    const limit = desired.bottles[bottle]?.spec.diskBytes;
    if (use === undefined || limit === undefined || use.bytes <= limit) return;
    await this.#ports.journal.record({
      ...{ severity: 'warning', bottle, reason: 'DiskLimitReached', revision },
      message: `its files take more than the ${byteWords(limit)} of resources.disk: its agent is stopped`,
    });
  }
}

function limitsOn(
  { name, capabilities }: Backend,
  { desired, plan }: PassResult,
): ReadonlyMap<BottleName, number> {
  if (!capabilities.diskLimit) return new Map();
  return new Map(
    plan.bottles.flatMap(({ bottle, backend }) => {
      const wanted = desired.bottles[bottle];
      return backend === name && wanted !== undefined
        ? [[bottle, wanted.spec.diskBytes] as const]
        : [];
    }),
  );
}

function isPast(use: DiskUse, bottle: BottleName, { desired }: PassResult): boolean {
  return use.bytes > (desired.bottles[bottle]?.spec.diskBytes ?? Number.POSITIVE_INFINITY);
}
