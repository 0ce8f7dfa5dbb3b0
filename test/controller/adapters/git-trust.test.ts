import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openGit } from '../../../src/controller/adapters/git.ts';
import type { TrustOptions } from '../../../src/controller/adapters/git-trust.ts';
import type { Git, Resolved } from '../../../src/controller/ports/git.ts';
import { gitRepository, type TestRepository } from '../../builders/repository.ts';
import { type Keys, signingKeys, signNothing } from '../../builders/signers.ts';

const FLEET = { 'desired-state/fleet.yaml': 'name: home\n' };
const MESSAGE = { changes: new Map(), subject: 'Say yes', body: '', trailers: [] };

async function open(repository: TestRepository, trust: TrustOptions | null = null): Promise<Git> {
  const opened = await openGit({
    repository: repository.root,
    branch: 'main',
    folder: 'desired-state',
    trust,
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  return opened.git;
}

async function emptyRepository(): Promise<TestRepository> {
  const repository = await gitRepository();
  onTestFinished(() => repository[Symbol.asyncDispose]());
  return repository;
}

function messageOf(resolved: Resolved): string {
  return resolved.kind === 'problem' ? resolved.problem.message : `trusted ${resolved.revision}`;
}

test.for(['ssh', 'openpgp'] as const)(
  'a commit of ours is signed as git is configured for %s',
  async (format) => {
    const [keys, repository] = [await signingKeys(), await emptyRepository()];
    const olga = await keys[format]('olga');
    await olga.use(repository);
    const parent = await repository.commit(FLEET);
    const git = await open(repository, keys.trust);
    const path = 'desired-state/routes/dev.yaml';
    const outcome = await git.commit({
      ...MESSAGE,
      parent,
      changes: new Map([[path, 'routes: []\n']]),
    });
    if (outcome.kind !== 'committed') throw new Error(outcome.kind);
    expect(await repository.git('cat-file', 'commit', outcome.revision)).toContain('\ngpgsig ');
    expect(await repository.git('show', `${outcome.revision}:${path}`)).toBe('routes: []');
    expect(await git.signatures([outcome.revision, parent])).toEqual([
      { kind: 'good', signer: expect.stringContaining('olga'), fingerprint: expect.any(String) },
      { kind: 'good', signer: expect.stringContaining('olga'), fingerprint: expect.any(String) },
    ]);
  },
);

test('auto leaves commits unsigned where git does, always signs them, never does not', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  await (await keys.ssh('olga')).use(repository);
  await signNothing(repository);
  let parent = await repository.commit(FLEET);
  const git = await open(repository);
  const signed: boolean[] = [];
  for (const sign of ['auto', 'always', 'never'] as const) {
    const outcome = await git.commit({ ...MESSAGE, parent, sign });
    if (outcome.kind !== 'committed') throw new Error(outcome.kind);
    parent = outcome.revision;
    signed.push((await repository.git('cat-file', 'commit', parent)).includes('gpgsig'));
  }
  expect(signed).toEqual([false, true, false]);
});

test('a signer that fails is told, and nothing lands', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  const parent = await repository.commit(FLEET);
  await (await keys.ssh('olga')).use(repository);
  await repository.git('config', 'user.signingKey', join(keys.folder, 'lost'));
  const git = await open(repository);
  expect(await git.commit({ ...MESSAGE, parent })).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(/could not be signed, so nothing was committed: .*lost/),
  });
  expect(await repository.head()).toBe(parent);
});

test('a program that the repository names as signer is not started', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  const parent = await repository.commit(FLEET);
  await (await keys.ssh('olga')).use(repository);
  const mark = join(keys.folder, 'started');
  const program = join(keys.folder, 'evil');
  await writeFile(program, `#!/bin/sh\ntouch '${mark}'\nexec ssh-keygen "$@"\n`);
  await chmod(program, 0o755);
  await repository.git('config', 'gpg.ssh.program', program);
  const git = await open(repository, keys.trust);
  expect(await git.commit({ ...MESSAGE, parent })).toMatchObject({ kind: 'committed' });
  await git.resolve();
  await expect(readFile(mark)).rejects.toThrow('ENOENT');
  await repository.git('commit', '--quiet', '--allow-empty', '-m', 'git itself does start it');
  expect(await readFile(mark, 'utf8')).toBe('');
});

test('a host that verifies signs what it commits, and commits nothing that it would not apply', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  const [olga, mallory] = [await keys.ssh('olga'), await keys.ssh('mallory', { trusted: false })];
  await olga.use(repository);
  const parent = await repository.commit(FLEET);
  await signNothing(repository);
  const git = await open(repository, keys.trust);
  expect(messageOf(await git.resolve())).toBe(`trusted ${parent}`);
  await mallory.use(repository);
  expect(await git.commit({ ...MESSAGE, parent })).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('a key that this host does not know'),
  });
  expect(await git.commit({ ...MESSAGE, parent, sign: 'never' })).toMatchObject({
    message: expect.stringContaining('bears no signature'),
  });
  expect(await repository.head()).toBe(parent);
  await olga.use(repository);
  await signNothing(repository);
  expect(await git.commit({ ...MESSAGE, parent })).toMatchObject({ kind: 'committed' });
});

const BAD: readonly [string, (keys: Keys, repository: TestRepository) => Promise<void>, RegExp][] =
  [
    ['unsigned', (_keys, repository) => signNothing(repository), /bears no signature/],
    [
      'signed by a stranger by SSH',
      async (keys, repository) => (await keys.ssh('stranger', { trusted: false })).use(repository),
      /does not know \(SHA256:/,
    ],
    [
      'signed by a stranger by OpenPGP',
      async (keys, repository) =>
        (await keys.openpgp('stranger', { trusted: false })).use(repository),
      /does not know/,
    ],
    [
      'signed with an SSH key whose time is over',
      async (keys, repository) =>
        (await keys.ssh('former', { validBefore: '20200101' })).use(repository),
      /not right|does not know|expired/,
    ],
    [
      'signed with a revoked SSH key',
      async (keys, repository) => {
        const former = await keys.ssh('former');
        await keys.revoke(former);
        await former.use(repository);
      },
      /revoked/,
    ],
  ];

test.for(BAD)(
  'a tip that is %s is not followed; signed rightly it is',
  async ([, prepare, words]) => {
    const [keys, repository] = [await signingKeys(), await emptyRepository()];
    const olga = await keys.ssh('olga');
    await olga.use(repository);
    const good = await repository.commit(FLEET);
    expect(messageOf(await (await open(repository, keys.trust)).resolve())).toBe(`trusted ${good}`);
    await prepare(keys, repository);
    const bad = await repository.commit({ 'desired-state/fleet.yaml': 'name: other\n' });
    const git = await open(repository, keys.trust);
    const refused = await git.resolve();
    expect(messageOf(refused)).toMatch(words);
    expect(messageOf(refused)).toContain(bad.slice(0, 12));
    await olga.use(repository);
    await repository.git('reset', '--quiet', '--hard', good);
    const next = await repository.commit({ 'desired-state/fleet.yaml': 'name: other\n' });
    expect(messageOf(await git.resolve())).toBe(`trusted ${next}`);
  },
);

test('a good signature does not hide an unsigned commit below it, nor one that a merge brings', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  const olga = await keys.ssh('olga');
  await olga.use(repository);
  const first = await repository.commit(FLEET);
  await (await open(repository, keys.trust)).resolve();

  await signNothing(repository);
  const hidden = await repository.commit({ 'desired-state/routes/x.yaml': 'routes: []\n' });
  await olga.use(repository);
  await repository.commit({ 'README.md': 'on top' });
  expect(messageOf(await (await open(repository, keys.trust)).resolve())).toContain(
    hidden.slice(0, 12),
  );

  await repository.git('checkout', '--quiet', '-B', 'side', first);
  await signNothing(repository);
  const side = await repository.commit({ 'desired-state/routes/y.yaml': 'routes: []\n' });
  await repository.git('checkout', '--quiet', '-B', 'main', first);
  await olga.use(repository);
  await repository.commit({ 'README.md': 'main goes on' });
  await repository.git('merge', '--quiet', '--no-ff', '-m', 'Bring the side', 'side');
  expect(messageOf(await (await open(repository, keys.trust)).resolve())).toContain(
    side.slice(0, 12),
  );
});

test('history before verify.since needs no signature; a commit that it names and that is not here is told', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  const olga = await keys.ssh('olga');
  const old = await repository.commit(FLEET);
  const unsigned = await repository.commit({ 'README.md': 'still unsigned' });
  await olga.use(repository);
  const tip = await repository.commit({ 'README.md': 'signed' });
  const since = (commit: string) => {
    const { verify, directory } = keys.trust;
    return {
      verify: { ...verify, since: commit },
      directory: `${directory}-${commit.slice(0, 5)}`,
    };
  };
  expect(messageOf(await (await open(repository, since(unsigned))).resolve())).toBe(
    `trusted ${tip}`,
  );
  expect(messageOf(await (await open(repository, since(old))).resolve())).toContain(
    unsigned.slice(0, 12),
  );
  expect(messageOf(await (await open(repository, since('f'.repeat(40)))).resolve())).toContain(
    'names no commit here',
  );
});

test('whoever is taken off the list no longer counts for what was verified before', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  await (await keys.ssh('olga')).use(repository);
  const tip = await repository.commit(FLEET);
  expect(messageOf(await (await open(repository, keys.trust)).resolve())).toBe(`trusted ${tip}`);
  await writeFile(keys.trust.verify.allowedSigners ?? '', '');
  const git = await open(repository, keys.trust);
  expect(messageOf(await git.resolve())).toContain('does not know');
  expect(await git.lastTrusted()).toBeNull();
});

test('a list of signers that the repository names is not asked', async () => {
  const [keys, repository] = [await signingKeys(), await emptyRepository()];
  const mallory = await keys.ssh('mallory', { trusted: false });
  await mallory.use(repository);
  const list = join(keys.folder, 'own-list');
  await writeFile(list, `mallory ${await readFile(`${mallory.key}.pub`, 'utf8')}`);
  await repository.git('config', 'gpg.ssh.allowedSignersFile', list);
  await repository.commit(FLEET);
  expect(await repository.git('log', '-1', '--format=%G?')).toBe('G');
  expect(messageOf(await (await open(repository, keys.trust)).resolve())).toContain(
    'does not know',
  );
});
