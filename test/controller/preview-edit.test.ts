import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { fleetWorld, granted, refusalOf } from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;
const ADDED = { kind: 'add-instance', agent: 'dev', bottle: null, label: null } as const;

async function world() {
  const made = await fleetWorld();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

test('R25: a preview is the edit, its diff, plan and preflight, and leaves nothing behind', async () => {
  const fleet = await world();
  const { api, life } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  life.calls.length = 0;
  const head = await fleet.repository.head();
  const before = await readdir(fleet.stateDirectory, { recursive: true });
  const preview = granted(await api.previewEdit(ADDED));
  expect(preview.preflight).toMatchObject({
    agent: 'dev',
    bottles: ['base'],
    env: [{ name: 'PAGER', from: 'written in the files' }],
  });
  const slug = preview.preflight?.bottle;
  expect(slug).toMatch(/^dev-[0-9a-z]{5}$/);
  expect(preview.edit).toEqual({ ...ADDED, bottle: slug });
  expect(preview.diff).toMatch(new RegExp(`^\\+.*name: ${slug}`, 'm'));
  expect(preview.plan.bottles.find(({ bottle }) => bottle === slug)?.verdict).toBe('create');
  expect(life.calls).toEqual([]);
  expect(await fleet.repository.head()).toBe(head);
  expect(await readdir(fleet.stateDirectory, { recursive: true })).toEqual(before);
});

test('committing the edit of a preview makes the bottle that was shown', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  const { edit, preflight } = granted(await api.previewEdit(ADDED));
  const report = granted(await api.edit(edit, 'ann', NO_PROGRESS));
  expect(report.bottles.map(({ name }) => name)).toContain(preflight?.bottle);
  expect(fleet.engine.container(`bb-home-${preflight?.bottle}`)?.state).toBe('running');
});

test('a bottle that goes, and the fleet, have no preflight but a plan', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  const stop = granted(await api.previewEdit({ kind: 'remove-instance', bottle: 'dev' }));
  expect(stop).toMatchObject({ preflight: null, subject: 'Stop bottle dev' });
  expect(stop.plan.bottles.find(({ bottle }) => bottle === 'dev')?.verdict).toBe('remove');
  const suspended = granted(await api.previewEdit({ kind: 'suspend-fleet', suspend: true }));
  expect(suspended.preflight).toBeNull();
});

test('an edit that cannot be made is refused before anything is written', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  expect(refusalOf(await api.previewEdit({ ...ADDED, agent: 'dve' }))).toMatchObject({
    kind: 'not-found',
    hint: 'did you mean "dev"?',
  });
  expect(refusalOf(await api.previewEdit({ ...ADDED, bottle: 'qa' })).kind).toBe('conflict');
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': 'provider: [\n' });
  const refusal = refusalOf(await api.previewEdit(ADDED));
  expect(refusal.kind).toBe('invalid');
  expect(refusal.diagnostics).not.toEqual([]);
});

test('an edit of a file with changes of the operator leaves it and tells so', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  const progress: string[] = [];
  const listen = (step: { readonly kind: string; readonly path?: string }) => {
    if (step.kind === 'left-in-working-tree') progress.push(step.path ?? '');
  };
  granted(await api.edit({ ...ADDED, bottle: 'one' }, 'ann', listen));
  expect(progress).toEqual([]);
  await fleet.repository.write({ 'desired-state/agents/dev.yaml': '# mine\n' });
  granted(await api.edit({ ...ADDED, bottle: 'two' }, 'ann', listen));
  expect(progress).toEqual(['desired-state/agents/dev.yaml']);
});
