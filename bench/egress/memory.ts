import { type Figure, figure } from '../benchmark.ts';
import { residentMb } from '../process-usage.ts';
import type { Race } from './race.ts';

const IDLE_AT_MOST_MB = 60;

/** Memory before the first request, as given, and the most that there was in all of this run. */
export async function memoryUnderLoad(
  { contenders }: Race,
  idleMb: readonly (number | null)[],
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [at, { name, pid }] of contenders.entries()) {
    const idle = idleMb[at] ?? null;
    if (pid === null || idle === null) continue;
    figures.push(
      figure(`${name} memory idle`, idle, 'MB', name === 'egress' ? IDLE_AT_MOST_MB : null),
      figure(`${name} memory at most`, await residentMb(pid, 'VmHWM'), 'MB'),
    );
  }
  return figures;
}
