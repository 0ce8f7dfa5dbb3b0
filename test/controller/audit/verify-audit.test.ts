import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type AuditVerdict, verifyAudit } from '../../../src/controller/verify-audit.ts';
import { FLEET_FILES, FleetWorld, granted } from '../../builders/controller.ts';
import { allowlistEntry, egressRoute } from '../../builders/desired.ts';
import { gitRepository, openTestRepository } from '../../builders/repository.ts';
import { signingKeys, signNothing } from '../../builders/signers.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { startEgress } from '../../sidecars/egress/harness.ts';

const NO_PROGRESS = () => undefined;
const ALLOWED = 'routes:\n  - host: api.example.test\n    ports: [443]\n';
const ROUTE = egressRoute('api.example.test', { ports: [443] });

/** A fleet that is in force, where `bb` finds its state and the host's settings. */
async function world(prepare: (fleet: FleetWorld) => Promise<void> = async () => undefined) {
  const { path } = await temporaryFolder();
  const repository = await gitRepository();
  const fleet = new FleetWorld(repository, join(path, 'bb', 'home'));
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  await prepare(fleet);
  await repository.commit({ ...FLEET_FILES, 'desired-state/routes/dev.yaml': ALLOWED }, 'Describe');
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  const options = {
    repository: repository.root,
    configDirectory: join(path, 'config'),
    environment: { HOME: path, XDG_STATE_HOME: path },
  };
  return { fleet, path, verify: async () => granted(await verifyAudit(options)) };
}

/** A real egress as the sidecar of `dev`, with the table that the first commit asks for. */
async function liveEgress({ stateDirectory }: FleetWorld) {
  const egress = await startEgress({});
  onTestFinished(() => egress[Symbol.asyncDispose]());
  await egress.enforce({ routes: [ROUTE] });
  const bottle = join(stateDirectory, 'bottles', 'dev');
  await mkdir(bottle, { recursive: true });
  await symlink(join(egress.root, 'egress'), join(bottle, 'egress'));
  return egress;
}

const states = ({ checks }: AuditVerdict) =>
  Object.fromEntries(checks.map(({ name, state }) => [name, state]));
const findings = ({ checks }: AuditVerdict) => checks.flatMap((check) => check.findings);

test('N1 nothing is found where nobody did anything, and it is said how much was looked at', async () => {
  const { fleet, verify } = await world();
  await liveEgress(fleet);
  const verdict = await verify();
  expect(verdict).toMatchObject({ branch: 'main', isSound: true });
  expect(states(verdict)).toEqual({
    signatures: 'skipped',
    'live tables': 'ok',
    applied: 'ok',
    history: 'ok',
  });
  expect(verdict.checks.map(({ detail }) => detail)).toEqual([
    expect.stringContaining('no verify'),
    '1 lines of 1 bottles',
    '3 records',
    '1 commits, 1 notes, 0 answers',
  ]);
});

test('a table that somebody edited by hand is found by its lines', async () => {
  const { fleet, verify } = await world();
  const egress = await liveEgress(fleet);
  const wider = egressRoute('api.example.test', { ports: [80, 443] });
  await egress.enforce({
    routes: [wider, egressRoute('evil.example.test')],
    allowlist: [allowlistEntry('paste.example.test')],
  });
  const verdict = await verify();
  expect(verdict.isSound).toBe(false);
  expect(findings(verdict).map(({ kind, about }) => `${kind}: ${about}`)).toEqual([
    'line-without-commit: dev route: any method api.example.test (every path)',
    'line-without-commit: dev route: any method evil.example.test (every path)',
    'line-without-commit: dev allowlist: any method paste.example.test (every path)',
  ]);
  await egress.enforce({ routes: [ROUTE] });
  expect((await verify()).isSound).toBe(true);
});

test('a denial that somebody took out of a table is found; one that is not applied yet is not', async () => {
  const { fleet, verify } = await world();
  const egress = await liveEgress(fleet);
  const base = 'desired-state/bottles/base.yaml';
  await fleet.repository.commit({ [base]: 'deny: [paste.test]\n' });
  expect(findings(await verify())).toEqual([]);
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  expect(findings(await verify()).map(({ kind, about }) => `${kind}: ${about}`)).toEqual([
    'denial-not-enforced: dev deny: paste.test',
  ]);
  const deny = [{ host: 'paste.test', reason: null, file: 'bottles/base.yaml' }];
  await egress.enforce({ routes: [ROUTE], deny });
  expect(findings(await verify())).toEqual([]);
});

test('a commit that is not applied yet leaves no line unaccounted for', async () => {
  const { fleet, verify } = await world();
  await liveEgress(fleet);
  await fleet.repository.commit({ 'desired-state/routes/dev.yaml': 'routes: []\n' });
  expect(findings(await verify())).toEqual([]);
});

test('a force-push that drops what was applied and answered is found, also after the next pass', async () => {
  const { fleet, verify } = await world();
  const { api } = await fleet.open();
  const id = await fleet.propose('new.example.test');
  const { revision } = granted(await api.approve({ id, operator: 'olga' }, NO_PROGRESS));
  expect(findings(await verify())).toEqual([]);
  await fleet.repository.git('reset', '--quiet', '--hard', 'HEAD^');
  const before = findings(await verify());
  expect(before.map(({ kind }) => kind)).toContain('applied-outside-history');
  expect(before).toContainEqual(
    expect.objectContaining({
      kind: 'history-rewritten',
      about: revision,
      message: expect.stringContaining(`was the answer to proposal ${id}`),
    }),
  );
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(findings(await verify()).map(({ kind }) => kind)).toEqual(['history-rewritten']);
});

test.each([
  ['with the name of its fleet', (note: string) => note],
  ['as earlier versions wrote them', (note: string) => note.replaceAll(/"fleet":"[^"]*",/g, '')],
])(
  'notes of another fleet on another branch are not taken for a rewrite: %s',
  async (_title, written) => {
    const { fleet, path, verify } = await world();
    const { repository } = fleet;
    await repository.git('branch', 'other');
    const root = join(path, 'elsewhere');
    await repository.git('worktree', 'add', '--quiet', root, 'other');
    const others = openTestRepository(root);
    await others.commit({ 'desired-state/fleet.yaml': 'name: other\n' });
    const theirs = await others.head();
    const home = (await repository.git('notes', '--ref=bb', 'show', 'main')).trim();
    const note = (name: string) => written(home.replaceAll('"fleet":"home"', `"fleet":"${name}"`));
    await repository.git('notes', '--ref=bb', 'add', '-m', note('other'), theirs);
    expect(findings(await verify())).toEqual([]);

    const mine = await repository.commit({ 'desired-state/bottles/base.yaml': 'env: {A: b}\n' });
    await repository.git('notes', '--ref=bb', 'add', '-m', note('home'), mine);
    await repository.git('branch', 'kept');
    await repository.git('reset', '--quiet', '--hard', 'HEAD^');
    expect(findings(await verify())).toMatchObject([{ kind: 'history-rewritten', about: mine }]);
  },
);

test('a record that a bottle is at a commit which nobody has is found', async () => {
  const { fleet, verify } = await world();
  const path = join(fleet.stateDirectory, 'applied.json');
  const records = JSON.parse(await readFile(path, 'utf8'));
  const strange = 'a'.repeat(40);
  const forged = { ...records, dev: { ...records.dev, revision: strange } };
  await writeFile(path, JSON.stringify(forged));
  expect(findings(await verify())).toMatchObject([
    { kind: 'applied-outside-history', about: `dev ${strange}` },
  ]);
  await writeFile(path, JSON.stringify(records));
  expect(findings(await verify())).toEqual([]);
});

test('G6 unsigned commits and those of a foreign key are found where the host verifies, and only what came since', async () => {
  const keys = await signingKeys();
  const olga = await keys.ssh('olga');
  const { fleet, path, verify } = await world(({ repository }) => olga.use(repository));
  const { repository } = fleet;
  const { allowedSigners } = keys.trust.verify;
  const config = join(path, 'config', 'config.yaml');
  await mkdir(join(path, 'config'), { mode: 0o700 });
  const configure = (more = '') =>
    writeFile(config, `verify:\n  allowedSigners: ${allowedSigners}\n${more}`, { mode: 0o600 });
  await configure();
  expect((await verify()).checks[0]).toMatchObject({ state: 'ok', detail: '1 commits' });
  await signNothing(repository);
  const unsigned = await repository.commit({ 'desired-state/bottles/base.yaml': 'env: {}\n' });
  await (await keys.ssh('mallory', { trusted: false })).use(repository);
  const foreign = await repository.commit({ 'README.md': 'mine\n' });
  expect(findings(await verify())).toMatchObject([
    { kind: 'untrusted-commit', about: foreign, message: expect.stringContaining('does not know') },
    { kind: 'untrusted-commit', about: unsigned, message: expect.stringContaining('no signature') },
  ]);
  await configure(`  since: ${foreign}\n`);
  await olga.use(repository);
  await repository.commit({ 'README.md': 'ours\n' });
  expect((await verify()).checks[0]).toMatchObject({
    state: 'ok',
    detail: `1 commits since ${foreign.slice(0, 8)}`,
  });
});
