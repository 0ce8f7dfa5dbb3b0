import { expect, test } from 'vitest';
import { type OpenedRemote, openRemoteGit } from '../../../src/controller/adapters/remote-git.ts';
import { systemClock } from '../../../src/controller/adapters/system-clock.ts';
import { systemRandom } from '../../../src/controller/adapters/system-random.ts';
import type { RemoteSettings } from '../../../src/controller/host-config.ts';
import type { CommitRequest, Git } from '../../../src/controller/ports/git.ts';
import type { Revision } from '../../../src/model/names.ts';
import { secretsOf } from '../../builders/secrets.ts';
import { type ServedRemote, servedRemote } from '../../builders/served-remote.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

const FILES = { 'desired-state/fleet.yaml': 'name: home\n' };

interface Opening {
  readonly directory?: string;
  readonly settings?: Partial<RemoteSettings>;
  readonly secrets?: { readonly [name: string]: string };
  readonly branch?: string | null;
}

async function open(remote: { readonly url: string }, given: Opening = {}): Promise<OpenedRemote> {
  const { directory = (await temporaryFolder()).path, settings, secrets = {} } = given;
  const { branch = 'main' } = given;
  return openRemoteGit({
    remote: { url: remote.url, pollMs: 50, credential: null, webhook: null, ...settings },
    branch,
    folder: 'desired-state',
    trust: null,
    directory,
    secrets: secretsOf(secrets),
    clock: systemClock,
    random: systemRandom,
  });
}

async function opened(remote: ServedRemote, given: Opening = {}): Promise<Git> {
  const answer = await open(remote, given);
  if (!answer.ok) throw new Error(answer.problem.message);
  return answer.git;
}

async function tipOf(git: Git): Promise<Revision> {
  const resolved = await git.resolve();
  if (resolved.kind === 'problem') throw new Error(resolved.problem.message);
  return resolved.revision;
}

function change(parent: Revision, subject = 'Allow it'): CommitRequest {
  const changes = new Map([['desired-state/routes/dev.yaml', `# ${subject}\n`]]);
  return { parent, changes, subject, body: '', trailers: [['Bb-Action', 'approve']] };
}

test.for(['sha1', 'sha256'] as const)(
  'a remote branch of a %s repository is read by a mirror, and a commit is in the remote before it is in the mirror',
  async (objectFormat) => {
    const remote = await servedRemote(FILES, { objectFormat });
    const git = await opened(remote);
    const tip = await tipOf(git);
    expect(tip).toBe(await remote.git('rev-parse', 'main'));
    expect([...(await git.readTree(tip)).keys()]).toEqual(['fleet.yaml']);
    const outcome = await git.commit(change(tip));
    expect(outcome).toMatchObject({ kind: 'committed', leftInWorkingTree: [] });
    expect(await remote.git('log', '-1', '--format=%s|%P', 'main')).toBe(`Allow it|${tip}`);
    expect(await tipOf(git)).toBe(await remote.git('rev-parse', 'main'));
  },
);

test('the branch that the remote names is followed when none is configured', async () => {
  const remote = await servedRemote(FILES);
  expect((await opened(remote, { branch: null })).branch).toBe('main');
});

test('a commit on a tip that others moved is not made: the new tip is told, and a commit on that is', async () => {
  const remote = await servedRemote(FILES);
  const git = await opened(remote);
  const tip = await tipOf(git);
  const theirs = await remote.pusher.commit({ 'README.md': 'pushed in between\n' });
  await remote.pusher.git('push', '--quiet', 'origin', 'main');
  expect(await git.commit(change(tip))).toEqual({ kind: 'moved', tip: theirs });
  expect(await remote.git('rev-parse', 'main')).toBe(theirs);
  expect(await git.commit(change(theirs))).toMatchObject({ kind: 'committed' });
  expect(await remote.git('log', '-1', '--format=%P', 'main')).toBe(theirs);
});

test('a commit that somebody took off the remote on purpose does not come back with an approval', async () => {
  const remote = await servedRemote(FILES);
  const before = await remote.pusher.head();
  await remote.pusher.commit({ 'desired-state/routes/dev.yaml': 'regretted\n' });
  await remote.pusher.git('push', '--quiet', 'origin', 'main');
  const git = await opened(remote);
  const regretted = await tipOf(git);
  await remote.git('update-ref', 'refs/heads/main', before);
  expect(await git.commit(change(regretted))).toEqual({ kind: 'moved', tip: before });
  expect(await remote.git('rev-parse', 'main')).toBe(before);
});

test('a push whose answer was lost is found in the history of the remote, and is not made again', async () => {
  const remote = await servedRemote(FILES);
  const git = await opened(remote);
  remote.cutsNextPush = true;
  expect(await git.commit(change(await tipOf(git)))).toMatchObject({ kind: 'committed' });
  expect(await remote.git('rev-list', '--count', 'main')).toBe('2');
});

test('a remote that is down is told with since when; what it said last still serves, and nothing is committed', async () => {
  const remote = await servedRemote(FILES);
  const directory = (await temporaryFolder()).path;
  const tip = await tipOf(await opened(remote, { directory }));
  remote.isDown = true;
  const git = await opened(remote, { directory });
  expect(await tipOf(git)).toBe(tip);
  expect(git.remote()).toMatchObject({
    url: remote.url,
    contactedAt: expect.stringMatching(/^\d{4}-/),
    unreachable: { since: expect.stringMatching(/^\d{4}-/) },
  });
  expect(await git.commit(change(tip))).toMatchObject({ kind: 'unreachable' });
  expect(await open(remote)).toMatchObject({ ok: false, problem: { kind: 'unreadable' } });
  remote.isDown = false;
  expect(await remote.git('rev-parse', 'main')).toBe(tip);
});

test('a remote that refuses commits says why; the branch here stays where the remote’s is', async () => {
  const remote = await servedRemote(FILES);
  await remote.git('config', 'receive.hideRefs', 'refs/heads/main');
  const git = await opened(remote);
  const tip = await tipOf(git);
  const outcome = await git.commit(change(tip));
  expect(outcome).toMatchObject({ kind: 'refused' });
  expect(await tipOf(git)).toBe(tip);
  await remote.git('config', '--unset', 'receive.hideRefs');
  expect(await git.commit(change(tip))).toMatchObject({ kind: 'committed' });
});

test('the credential reaches the remote by git’s question alone, and another one is refused', async () => {
  const remote = await servedRemote(FILES);
  remote.login = 'olga:hunter2-secret';
  const credential = { username: 'olga', secret: 'fleet-remote' };
  const secrets = { 'fleet-remote': 'hunter2-secret' };
  const git = await opened(remote, { settings: { credential }, secrets });
  expect(await git.commit(change(await tipOf(git)))).toMatchObject({ kind: 'committed' });
  expect(remote.requests.some(({ user }) => user === 'olga:hunter2-secret')).toBe(true);
  for (const wrong of [{ 'fleet-remote': 'stale' }, {}]) {
    const answer = await open(remote, { settings: { credential }, secrets: wrong });
    expect(answer).toMatchObject({ ok: false });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  }
});

test('a branch that moves is told while it is watched, also after the remote was away', async () => {
  const remote = await servedRemote(FILES);
  const git = await opened(remote);
  const ended = new AbortController();
  let hints = 0;
  await git.watch(() => {
    hints += 1;
  }, ended.signal);
  const push = async () => {
    const pushed = await remote.pusher.commit({ 'README.md': `${hints}\n` });
    await remote.pusher.git('push', '--quiet', 'origin', 'main');
    return pushed;
  };
  const first = await push();
  await expect.poll(() => tipOf(git)).toBe(first);
  remote.isDown = true;
  await expect.poll(() => git.remote()?.unreachable ?? null).not.toBeNull();
  remote.isDown = false;
  const second = await push();
  await expect.poll(() => tipOf(git)).toBe(second);
  expect(git.remote()?.unreachable).toBeNull();
  expect(hints).toBeGreaterThanOrEqual(3);
  ended.abort();
});
