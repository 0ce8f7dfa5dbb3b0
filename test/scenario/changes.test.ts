import { execa } from 'execa';
import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { get, inBottle } from './bottle.ts';
import { builtProgram } from './built-program.ts';
import { onEngine } from './engine.ts';
import { fleetFiles, route } from './fleet-files.ts';
import { scenario } from './scenario.ts';
import { URL_OF_API } from './upstream.ts';

await onEngine('changes', (engine) => {
  const { upstream } = engine;
  const routes = (paths: string) =>
    `routes:\n${route(upstream.address, `paths: ${paths}`).join('\n')}\n`;
  const base =
    fleetFiles('x', { address: upstream.address })['desired-state/bottles/base.yaml'] ?? '';

  scenario('a route must change without cutting what runs', { engine }, async (fleet) => {
    await fleet.done('reconcile');
    const ids = await fleet.engine.ids();
    const stream = execa(
      await builtProgram(),
      ['exec', 'dev', '--', 'curl', '-sSN', '-m', '60', `${URL_OF_API}/public/stream`],
      { cwd: fleet.repository.root, env: fleet.environment, extendEnv: false, reject: false },
    );
    await eventually('the stream is open', () => upstream.tell('before') === 1);

    await fleet.repository.commit({ 'desired-state/routes/api.yaml': routes('[/public/, /new/]') });
    await fleet.done('reconcile');
    expect(await get(fleet, 'dev', `${URL_OF_API}/new/thing`)).toMatch(/^200/);
    expect(await fleet.engine.ids()).toEqual(ids);
    await fleet.repository.commit({ 'desired-state/routes/api.yaml': routes('[/public/]') });
    await fleet.done('reconcile');
    expect(await get(fleet, 'dev', `${URL_OF_API}/new/thing`)).toMatch(/^403/);
    expect(await fleet.engine.ids()).toEqual(ids);

    expect(upstream.tell('after both')).toBe(1);
    const end = upstream.end();
    expect(end).toBe(1);
    const { exitCode, stdout } = await stream;
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').slice(-1)).toEqual(['after both']);
  });

  scenario('a changed environment must replace the agent alone', { engine }, async (fleet) => {
    await fleet.done('reconcile');
    const before = await fleet.engine.ids();
    await fleet.repository.commit({
      'desired-state/bottles/base.yaml': base.replace('cat', 'less'),
    });
    await fleet.done('reconcile');
    const after = await fleet.engine.ids();
    expect(after['dev']).not.toBe(before['dev']);
    expect({ ...after, dev: '' }).toEqual({ ...before, dev: '' });
    expect((await inBottle(fleet, 'dev', 'echo $PAGER')).stdout).toBe('less');
    expect(await get(fleet, 'dev', `${URL_OF_API}/public/x`)).toMatch(/^200/);
  });

  scenario(
    'an agent at work must not be replaced until that is said',
    {
      engine,
      texts: { updatePolicy: 'manual' },
    },
    async (fleet) => {
      await fleet.done('reconcile');
      const before = await fleet.engine.ids();
      await fleet.repository.commit({
        'desired-state/bottles/base.yaml': base.replace('cat', 'less'),
        'desired-state/routes/api.yaml': routes('[/public/, /new/]'),
      });
      expect((await fleet.bb('reconcile')).exitCode).toBe(4);
      expect(await fleet.engine.ids()).toEqual(before);
      expect(await get(fleet, 'dev', `${URL_OF_API}/new/x`)).toMatch(/^200/);
      const { bottles } = await fleet.status();
      expect(bottles).toMatchObject([{ pending: { impact: 'replace-agent' } }]);
      await fleet.done('apply', 'dev');
      const after = await fleet.engine.ids();
      expect(after['dev']).not.toBe(before['dev']);
      expect(await fleet.status()).toMatchObject({ bottles: [{ pending: null }] });
    },
  );

  scenario('a label must change nothing that runs', { engine }, async (fleet) => {
    await fleet.done('reconcile');
    const before = await fleet.engine.ids();
    await fleet.repository.commit({
      'desired-state/agents/dev.yaml':
        'provider: {command: [bash]}\ninstances: [{name: dev, label: Developer}]\n',
    });
    await fleet.done('reconcile');
    expect(await fleet.engine.ids()).toEqual(before);
    expect(await fleet.status()).toMatchObject({ bottles: [{ label: 'Developer' }] });
  });
});
