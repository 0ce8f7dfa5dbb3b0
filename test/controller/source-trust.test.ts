import { expect, onTestFinished, test } from 'vitest';
import {
  agentFile,
  FLEET_FILES,
  FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
} from '../builders/controller.ts';
import { gitRepository } from '../builders/repository.ts';
import { signingKeys, signNothing } from '../builders/signers.ts';
import { temporaryFolder } from '../builders/state-directory.ts';

const NO_PROGRESS = () => undefined;

/** A fleet whose host trusts olga alone; she committed it, and it is in force. */
async function signedFleet() {
  const keys = await signingKeys();
  const olga = await keys.ssh('olga');
  const repository = await gitRepository();
  await olga.use(repository);
  await repository.commit(FLEET_FILES, 'Describe the fleet');
  const fleet = new FleetWorld(repository, `${(await temporaryFolder()).path}/home`);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  fleet.trust = keys.trust;
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  return { fleet, controller, keys, olga };
}

test('a commit of a stranger is not applied and is told; the last trusted one stays in force, also after a restart', async () => {
  const { fleet, controller, olga } = await signedFleet();
  const good = await fleet.repository.head();
  await signNothing(fleet.repository);
  const bad = await fleet.repository.commit({
    'desired-state/agents/dev.yaml': agentFile('dev', 'intruder'),
  });
  for (const { api } of [controller, await fleet.open()]) {
    const refusal = refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(refusal).toMatchObject({ kind: 'untrusted' });
    expect(refusal.message).toContain(`commit ${bad.slice(0, 12)} bears no signature`);
    expect(refusal.hint).toContain('take the commit off the branch');
    expect(granted(await api.plan({})).revision).toBe(good);
    const status = granted(await api.status());
    expect(status.bottles.map(({ name }) => name)).toEqual(['dev', 'qa']);
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'SourceReady', status: 'False', reason: 'SourceUntrusted' }),
    );
    expect(refusalOf(await api.plan({ revision: bad }))).toMatchObject({ kind: 'untrusted' });
  }
  await fleet.repository.git('reset', '--quiet', '--hard', good);
  await olga.use(fleet.repository);
  const mended = await fleet.repository.commit({
    'desired-state/agents/dev.yaml': agentFile('dev', 'colleague'),
  });
  expect(granted(await controller.api.reconcile({}, NO_PROGRESS)).revision).toBe(mended);
  expect(fleet.engine.container('bb-home-colleague')?.state).toBe('running');
});

test('an approval is a signed commit; with a key that nobody trusts it is refused and waits', async () => {
  const { fleet, controller, keys, olga } = await signedFleet();
  const before = await fleet.repository.head();
  const id = await fleet.propose();
  await (await keys.ssh('mallory', { trusted: false })).use(fleet.repository);
  const refusal = refusalOf(await controller.api.approve({ id, operator: 'olga' }, NO_PROGRESS));
  expect(refusal.message).toContain('this host would not apply the commit');
  expect(await fleet.repository.head()).toBe(before);
  expect((await fleet.proposals().read(id))?.response).toBeNull();
  await olga.use(fleet.repository);
  const decision = granted(await controller.api.approve({ id, operator: 'olga' }, NO_PROGRESS));
  expect(await fleet.repository.git('cat-file', 'commit', decision.revision)).toContain('gpgsig');
  expect((await fleet.proposals().read(id))?.response).toMatchObject({ state: 'approved' });
});

test('a history that no longer holds the applied commit is followed and told, once', async () => {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { api } = await fleet.open();
  const first = await fleet.repository.head();
  await fleet.repository.commit({ 'README.md': 'soon gone' });
  granted(await api.reconcile({}, NO_PROGRESS));
  await fleet.repository.git('reset', '--quiet', '--hard', first);
  const other = await fleet.repository.commit({ 'README.md': 'instead' });
  const next = await fleet.open();
  for (const each of [api, next.api]) granted(await each.reconcile({}, NO_PROGRESS));
  expect(granted(await api.plan({})).revision).toBe(other);
  const events = granted(await api.events({ limit: 100 }));
  const told = events.filter(({ reason }) => reason === 'SourceRewritten');
  expect(told).toHaveLength(1);
  expect(told[0]?.message).toContain('rewritten');
});
