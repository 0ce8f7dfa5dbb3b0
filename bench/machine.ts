import { cpus, release, totalmem } from 'node:os';

/** What a number depends on, without anything that names the machine or its owner. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  /** Null when no engine took part. */
  readonly engine: string | null;
}

export function thisMachine(engine: string | null): Machine {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    engine,
  };
}
