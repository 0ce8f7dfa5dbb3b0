import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { get } from '../scenario/bottle.ts';
import { onEngine } from '../scenario/engine.ts';
import { isReady, told, unluckyScenario } from '../scenario/engine-luck.ts';
import { route } from '../scenario/fleet-files.ts';
import { URL_OF_API } from '../scenario/upstream.ts';

/** Longer than the time after which everything is looked at all the same. */
const RESYNC_MS = 60_000;

await onEngine('engine-luck-long', (engine) => {
  unluckyScenario(
    'an engine that is slow must keep no commit from being applied, and no bottle from running',
    engine,
    async (fleet, proxy) => {
      const before = await fleet.engine.ids();
      proxy.follow(() => ({ kind: 'late', ms: 1_000 }));
      await fleet.repository.commit({
        'desired-state/routes/api.yaml': `routes:\n${route(fleet.address, 'paths: [/public/, /more/]').join('\n')}\n`,
      });
      await fleet.done('reconcile', '--timeout', '60s');
      expect(await get(fleet, 'dev', `${URL_OF_API}/more/x`)).toMatch(/^200 /);
      await fleet.engine.container('dev').remove({ force: true });
      await eventually('mended', async () => (await told(fleet, 'Applied')).length > 2, 90_000);
      await eventually('ready', () => isReady(fleet), 90_000);
      const names = Object.keys(await fleet.engine.ids()).sort();
      expect(names).toEqual(Object.keys(before).sort());
    },
  );

  unluckyScenario(
    'an engine whose events are lost must be looked at all the same',
    engine,
    async (fleet, proxy) => {
      proxy.follow((_method, path) =>
        path.startsWith('/events') ? { kind: 'lost' } : { kind: 'pass' },
      );
      await eventually('events are lost', () => proxy.spoiled.length > 0, RESYNC_MS);
      const known = (await told(fleet, 'Applied')).length;
      await fleet.engine.container('dev').stop({ t: 0 });
      await eventually(
        'seen and mended',
        async () => (await told(fleet, 'Applied')).length > known && (await isReady(fleet)),
        RESYNC_MS,
      );
      expect(await get(fleet, 'dev', `${URL_OF_API}/public/x`)).toMatch(/^200 /);
    },
  );
});
