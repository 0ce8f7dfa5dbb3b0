import { type Figure, figure } from '../benchmark.ts';
import { plainLoad, type Race } from './race.ts';

const RELOADS = 100;
const SECONDS = 12;

/** A hundred new tables at full load; what fails of the requests meanwhile. */
export async function reloadsUnderLoad(race: Race): Promise<readonly Figure[]> {
  const { own, wrk, progress } = race;
  const loading = wrk.run(plainLoad(race, own, SECONDS));
  const startMs = performance.now();
  let reloads = 0;
  for (; reloads < RELOADS && performance.now() - startMs < SECONDS * 900; reloads += 1) {
    await own.enforce({ routes: 10 + (reloads % 2), dlp: null });
  }
  const tookMs = performance.now() - startMs;
  const { requests, failed } = await loading;
  progress(`${reloads} reloads while ${requests} requests were answered, ${failed} failed`);
  return [
    figure('reloads under load', reloads, ''),
    figure('a reload under load', tookMs / reloads, 'ms'),
    figure('failed requests meanwhile', failed, '', 0),
  ];
}
