import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from '../src/cli/table.ts';
import type { Figure, Measured } from './benchmark.ts';
import type { Machine } from './machine.ts';

/** What `--json` prints and `results/` keeps. */
export interface Report {
  readonly bench: string;
  readonly machine: Machine;
  readonly medians: { readonly [figure: string]: number };
  readonly ratios: { readonly [figure: string]: number };
}

export function reportOf(bench: string, machine: Machine, { figures }: Measured): Report {
  const valuesOf = (chosen: (figure: Figure) => boolean) =>
    Object.fromEntries(figures.filter(chosen).map((figure) => [keyOf(figure), figure.value]));
  return {
    bench,
    machine,
    medians: valuesOf(({ unit }) => unit !== '×'),
    ratios: valuesOf(({ unit }) => unit === '×'),
  };
}

/** The figures beside their targets. */
export function formatMeasured({ figures, notes }: Measured): readonly string[] {
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.value} ${figure.unit}`.trim(),
    targetOf(figure),
    verdictOf(figure),
  ]);
  return [...formatTable(['measured', 'value', 'target', ''], rows), ...notes];
}

/** Adds the report to `results/<bench>.jsonl`, one line a run. */
export async function keepReport(report: Report, at: Date): Promise<void> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const line = JSON.stringify({ at: at.toISOString(), ...report });
  await appendFile(join(folder, `${report.bench}.jsonl`), `${line}\n`);
}

function targetOf({ atMost, atLeast, unit }: Figure): string {
  if (atMost !== null) return `≤ ${atMost} ${unit}`.trim();
  return atLeast === null ? '' : `≥ ${atLeast} ${unit}`.trim();
}

function verdictOf({ value, atMost, atLeast }: Figure): string {
  if (atMost === null && atLeast === null) return '';
  return value <= (atMost ?? value) && value >= (atLeast ?? value) ? 'met' : 'missed';
}

/** `empty plan p50` in ms is `emptyPlanP50Ms`. */
function keyOf({ name, unit }: Figure): string {
  const suffix = { ms: 'ms', µs: 'us', MB: 'mb', '%': 'percent', '×': '', '': '' }[unit];
  const words = `${name} ${suffix}`.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words
    .map((word, index) =>
      index === 0 ? word.toLowerCase() : `${word.charAt(0).toUpperCase()}${word.slice(1)}`,
    )
    .join('');
}
