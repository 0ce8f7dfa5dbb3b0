import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { get } from './bottle.ts';
import { onEngine } from './engine.ts';
import { scenario } from './scenario.ts';
import { URL_OF_API } from './upstream.ts';

await onEngine('controller', (engine) => {
  scenario(
    'a controller that is killed at any moment must be outlived',
    { engine, timeoutMs: 120_000 },
    async (fleet) => {
      const made = ['dev-int', 'dev-sidecars', 'dev', 'nothing'];
      for (const component of made) {
        const controller = await fleet.controller();
        if (component !== 'nothing') {
          await eventually(
            `${component} is made`,
            async () => component in (await fleet.engine.ids()),
            30_000,
          );
        }
        await controller.stop('SIGKILL');
      }
      await fleet.done('reconcile');
      expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
      expect(Object.keys(await fleet.engine.ids())).toHaveLength(4);
      expect(await get(fleet, 'dev', `${URL_OF_API}/public/x`)).toMatch(/^200/);
    },
  );

  scenario(
    'Ctrl-C in the middle must break nothing, and quitting must stop no bottle',
    { engine },
    async (fleet) => {
      const interrupted = fleet.spawn('reconcile');
      await eventually(
        'something is made',
        async () => 'dev-int' in (await fleet.engine.ids()),
        30_000,
      );
      interrupted.kill('SIGINT');
      expect((await interrupted).exitCode).toBe(130);
      await fleet.done('reconcile');
      const ids = await fleet.engine.ids();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        const controller = await fleet.controller();
        expect(await controller.stop(signal)).toBeLessThanOrEqual(130);
      }
      expect(await fleet.engine.ids()).toEqual(ids);
      expect((await fleet.engine.container('dev').inspect()).State.Running).toBe(true);
      expect(await get(fleet, 'dev', `${URL_OF_API}/public/x`)).toMatch(/^200/);
    },
  );

  scenario(
    'twenty bottles must come up',
    { engine, texts: { instances: '20' }, timeoutMs: 180_000 },
    async (fleet) => {
      await fleet.done('reconcile', '--timeout', '150s');
      expect(Object.keys(await fleet.engine.ids())).toHaveLength(80);
      expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
    },
  );
});

scenario(
  'a second controller must be refused with the name of the first',
  { engine: null },
  async (fleet) => {
    const first = await fleet.controller();
    const second = await fleet.bb('controller');
    expect(second.exitCode).toBe(1);
    expect(second.all).toContain(`pid ${first.pid}`);
    expect((await fleet.status()).controllerPid).toBe(first.pid);
  },
);

scenario('the lock of a dead controller must be taken over', { engine: null }, async (fleet) => {
  await (await fleet.controller()).stop('SIGKILL');
  const state = join(fleet.folder, 'state/bb', fleet.name);
  expect((await readdir(state)).join(' ')).toContain('lock');
  await fleet.done('reconcile');
  const next = await fleet.controller();
  expect((await fleet.status()).controllerPid).toBe(next.pid);
});

scenario('a state directory that is lost must be found again', { engine: null }, async (fleet) => {
  await fleet.done('reconcile');
  const state = join(fleet.folder, 'state/bb', fleet.name);
  for (const file of await readdir(state)) {
    if (file.endsWith('.json')) await writeFile(join(state, file), '{ broken');
  }
  await fleet.done('reconcile');
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
});
