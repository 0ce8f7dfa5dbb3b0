import type { Contender } from './contender.ts';
import type { MeasuredUpstream } from './measured-upstream.ts';
import type { OwnProxy } from './own-proxy.ts';
import type { Counted, Load, Wrk } from './wrk.ts';

/** All that one run measures with. */
export interface Race {
  /** The direct way, ours, and the others. */
  readonly contenders: readonly Contender[];
  readonly own: OwnProxy;
  readonly upstream: MeasuredUpstream;
  readonly wrk: Wrk;
  readonly progress: (line: string) => void;
}

const CONNECTIONS = 32;

/** Kept connections that ask for 1 KiB again and again. */
export function plainLoad({ upstream }: Race, { proxyPort }: Contender, seconds: number): Load {
  return {
    path: '/',
    port: upstream.fastPort,
    proxyPort,
    connections: CONNECTIONS,
    seconds,
    isClosing: false,
    bodyBytes: 0,
  };
}

/** All that have a process that can be looked at. */
export function rivalsAndOwn({ contenders }: Race): readonly Contender[] {
  return contenders.filter(({ pid }) => pid !== null);
}

/** Runs a load. Nothing may fail of ours; what fails of the others is said, and does not count as answered. */
export async function counted(race: Race, { name }: Contender, load: Load): Promise<Counted> {
  const result = await race.wrk.run(load);
  if (result.requests === 0) throw new Error(`${name}: the machine is too busy`);
  if (result.failed > 0) {
    const failure = `${name} failed ${result.failed} of ${result.requests} requests`;
    if (name === race.own.name) throw new Error(failure);
    race.progress(failure);
  }
  return { ...result, requests: Math.max(result.requests - result.failed, 0) };
}
