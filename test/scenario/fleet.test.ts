import { expect } from 'vitest';
import type { Leftover } from '../../src/model/leftover.ts';
import { scenario } from './scenario.ts';

const five = { engine: null, texts: { instances: '5' } } as const;
const env = (value: string) => ({
  'desired-state/bottles/base.yaml': `env: {PAGER: ${value}}\nroutes: [api]\n`,
});

scenario('a suspended fleet must be left as it is, and go on afterwards', five, async (fleet) => {
  await fleet.done('reconcile');
  await fleet.done('suspend');
  expect(
    await fleet.repository.git('log', '-1', '--format=%(trailers:key=Bb-Action,valueonly)'),
  ).not.toBe('');
  await fleet.repository.git('reset', '--quiet', '--hard');
  await fleet.repository.commit(env('less'));
  await fleet.done('reconcile');
  const { bottles, conditions } = await fleet.status();
  expect(conditions).toContainEqual(expect.objectContaining({ type: 'Suspended', status: 'True' }));
  expect(bottles).toHaveLength(5);
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(3);
  await fleet.done('unsuspend');
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
});

scenario('one suspended bottle must not hold up the others', five, async (fleet) => {
  await fleet.done('reconcile');
  await fleet.done('suspend', 'dev-2');
  await fleet.repository.git('reset', '--quiet', '--hard');
  await fleet.repository.commit(env('less'));
  await fleet.done('reconcile');
  const state = async () =>
    (await fleet.status()).bottles
      .filter(({ conditions }) => conditions.some(({ type }) => type === 'Suspended'))
      .map(({ name }) => name);
  expect(await state()).toEqual(['dev-2']);
  await fleet.done('unsuspend', 'dev-2');
  expect(await state()).toEqual([]);
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
});

scenario('stop must be a commit that removes one bottle', five, async (fleet) => {
  await fleet.done('reconcile');
  const tip = await fleet.repository.head();
  await fleet.done('stop', 'dev-3');
  expect(await fleet.repository.git('rev-parse', 'HEAD~1')).toBe(tip);
  const names = (await fleet.status()).bottles.map(({ name }) => name);
  expect(names).toEqual(['dev-1', 'dev-2', 'dev-4', 'dev-5']);
  expect((await fleet.bb('stop', 'dev-9')).exitCode).toBe(2);
  expect(await fleet.repository.git('rev-parse', 'HEAD~1')).toBe(tip);
});

scenario('a commit that deletes most of a fleet must need a word', five, async (fleet) => {
  await fleet.done('reconcile');
  await fleet.repository.commit({
    'desired-state/agents/dev.yaml': 'provider: {command: [bash]}\ninstances: 1\n',
  });
  const refused = await fleet.bb('reconcile');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('--allow-mass-delete');
  expect((await fleet.bb('list', 'active')).stdout.split('\n')).toHaveLength(5);
  await fleet.done('reconcile', '--allow-mass-delete');
  expect((await fleet.bb('list', 'active')).stdout.split('\n')).toHaveLength(1);
});

scenario('cleanup must find nothing in a fleet that is in force', five, async (fleet) => {
  await fleet.done('reconcile');
  expect(await fleet.json<readonly Leftover[]>('cleanup')).toEqual([]);
  await fleet.done('cleanup', '--yes');
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
});
