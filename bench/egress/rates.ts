import { cpuMs } from '../process-usage.ts';
import { inTurns, median } from '../statistics.ts';
import type { Contender } from './contender.ts';
import { counted, type Race } from './race.ts';
import type { Load } from './wrk.ts';

/** Medians of each contender, by its name. */
export interface Rates {
  /** Answers a second. */
  readonly of: (name: string) => number;
  /** What one of them took of the contender's processor time, in µs. */
  readonly cpuUsOf: (name: string) => number;
  readonly over: (name: string, other: string) => number;
}

/** Loads every contender `rounds` times, in turns. */
export async function ratesInTurns(
  race: Race,
  what: string,
  rounds: number,
  loadOf: (contender: Contender) => Load,
): Promise<Rates> {
  const cpuUs = new Map<string, number[]>();
  const measure = async (contender: Contender): Promise<number> => {
    const { name, pid } = contender;
    const before = pid === null ? 0 : await cpuMs(pid);
    const { requests, seconds } = await counted(race, contender, loadOf(contender));
    const usedMs = pid === null ? 0 : (await cpuMs(pid)) - before;
    cpuUs.set(name, [...(cpuUs.get(name) ?? []), (usedMs * 1000) / requests]);
    race.progress(`${name}: ${Math.round(requests / seconds)} ${what}/s`);
    return requests / seconds;
  };
  const rates = await inTurns(
    rounds,
    Object.fromEntries(race.contenders.map((each) => [each.name, () => measure(each)])),
  );
  const of = (name: string): number => median(rates[name] ?? []);
  return {
    of,
    cpuUsOf: (name) => median(cpuUs.get(name) ?? []),
    over: (name, other) => of(name) / of(other),
  };
}
