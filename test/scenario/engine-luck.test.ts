import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { get } from './bottle.ts';
import { onEngine } from './engine.ts';
import { isReady, readiness, unluckyScenario } from './engine-luck.ts';
import { route } from './fleet-files.ts';
import { URL_OF_API } from './upstream.ts';

const PATIENCE_MS = 60_000;

await onEngine('engine-luck', (engine) => {
  unluckyScenario(
    'an engine that answers 500 and 409 must be asked again, and the bottle be mended when it does not',
    engine,
    async (fleet, proxy) => {
      const moods = [
        [500, /^\/containers\/create/],
        [409, /\/start$/],
      ] as const;
      for (const [status, calls] of moods) {
        proxy.follow((method, path) =>
          method === 'POST' && calls.test(path)
            ? { kind: 'answer', status, message: 'the engine is in a mood' }
            : { kind: 'pass' },
        );
        const known = proxy.spoiled.length;
        await fleet.engine.container('dev').remove({ force: true });
        await eventually('it is asked again', () => proxy.spoiled.length >= known + 2, PATIENCE_MS);
        await eventually('it is told', async () => {
          const { bottles } = await fleet.status();
          return JSON.stringify(bottles[0]?.conditions).includes('in a mood');
        });
        proxy.follow(() => ({ kind: 'pass' }));
        await eventually('mended', () => isReady(fleet), PATIENCE_MS);
        expect(await get(fleet, 'dev', `${URL_OF_API}/public/x`)).toMatch(/^200 /);
      }
    },
  );

  unluckyScenario(
    'an engine that stops must be told, and what it ended be started when it is back',
    engine,
    async (fleet, proxy) => {
      const before = await fleet.engine.ids();
      proxy.follow(() => ({ kind: 'gone' }));
      await eventually(
        'it is told',
        async () => (await readiness(fleet))[0] === 'Unknown',
        PATIENCE_MS,
      );
      for (const component of [undefined, 'sidecars'] as const) {
        await fleet.engine.container('dev', component).stop({ t: 0 });
      }
      await fleet.repository.commit({
        'desired-state/routes/api.yaml': `routes:\n${route(fleet.address, 'paths: [/public/, /more/]').join('\n')}\n`,
      });
      proxy.follow(() => ({ kind: 'pass' }));
      // `Ready` alone may be older than what was stopped: the engine is asked before its events tell of the gap.
      await eventually(
        'it goes on',
        async () => /^200 /.test(await get(fleet, 'dev', `${URL_OF_API}/more/x`)),
        PATIENCE_MS,
      );
      await eventually('it is ready', () => isReady(fleet), PATIENCE_MS);
      expect(await fleet.engine.ids()).toEqual(before);
    },
  );
});
