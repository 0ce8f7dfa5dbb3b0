import type { Bench } from './bench.ts';

/** One measured number. `atMost` and `atLeast` are what `spec` asks for; null where nothing is asked. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'µs' | 'MB' | '%' | '×' | '';
  readonly atMost: number | null;
  readonly atLeast: number | null;
}

/** What one run of a benchmark found. Figures in `×` compare two things that were measured in turns in this run. */
export interface Measured {
  readonly figures: readonly Figure[];
  /** How it was measured where that is not obvious, for people. */
  readonly notes: readonly string[];
}

/** One entry of `npm run bench -- <name>`. Throws when what it measures does not work at all. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list. */
  readonly about: string;
  readonly run: (bench: Bench) => Promise<Measured>;
}

/** Rounded to what can be told apart. */
export function figure(
  name: string,
  value: number,
  unit: Figure['unit'],
  atMost: number | null = null,
): Figure {
  const digits = unit === '×' || value < 10 ? 100 : 10;
  return { name, value: Math.round(value * digits) / digits, unit, atMost, atLeast: null };
}

/** A figure that is better the larger it is. */
export function figureOfAtLeast(
  name: string,
  value: number,
  unit: Figure['unit'],
  atLeast: number,
): Figure {
  return { ...figure(name, value, unit), atLeast };
}
