import { describe, expect, it } from 'vitest';
import type { BackendHint } from '../../src/backends/backend.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest } from './bottle-under-test.ts';

/** A change by anybody's hand is hinted at. */
export function watchContract(under: BackendUnderTest): void {
  describe('watch', () => {
    it('what another controller does is told, other fleets are not, and an abort ends it', async () => {
      await using bottle = bottleUnderTest(under);
      await using other = bottleUnderTest(under);
      const hints: BackendHint[] = [];
      const strangers: BackendHint[] = [];
      const stop = new AbortController();
      under.open().watch(bottle.fleet, (hint) => hints.push(hint), stop.signal);
      under.open().watch(other.fleet, (hint) => strangers.push(hint), stop.signal);
      const backend = under.open();
      await bottle.up(backend);
      await expect.poll(() => hints).toContainEqual({ kind: 'look', bottle: bottle.bottle });
      hints.length = 0;
      await backend.stop(bottle.ref('agent'), 0);
      await expect.poll(() => hints.length).toBeGreaterThan(0);
      expect(strangers).toEqual([]);
      stop.abort();
    });
  });
}
