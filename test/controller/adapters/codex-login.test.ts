import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSecrets } from '../../../src/controller/adapters/secrets.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const FIX = 'run `codex login` on this machine';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: unknown) => `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;

/** The secret `chatgpt` of a host whose codex keeps `text` as its login; null = none. */
async function loginOf(text: string | null) {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const path = join(folder.path, 'auth.json');
  if (text !== null) await writeFile(path, text);
  const clock = new FakeClock();
  const secrets = createSecrets({
    sources: { chatgpt: { kind: 'codex-login', path } },
    environment: {},
    versionKeyPath: join(folder.path, 'bb/version-key'),
    clock,
  });
  const problem = async () => (await secrets.versions(['chatgpt'])).problems['chatgpt'] ?? null;
  return { secrets, clock, path, problem };
}

const inAnHour = () => Math.floor(new FakeClock().nowMs() / 1000) + 3600;

test('the access token of the host’s login is the value, and only its expiry and account are told', async () => {
  const access_token = token({ exp: inAnHour(), email: 'olga@example.test' });
  const tokens = { access_token, refresh_token: 'refresh-me', account_id: 'account-1' };
  const { secrets, problem } = await loginOf(JSON.stringify({ auth_mode: 'chatgpt', tokens }));
  expect(await problem()).toBeNull();
  expect((await secrets.values(['chatgpt'])).get('chatgpt')?.value).toBe(access_token);
  expect(await secrets.login('chatgpt')).toEqual({
    expiresAt: new Date(inAnHour() * 1000).toISOString(),
    accountId: 'account-1',
  });
});

test('a login without an account has none', async () => {
  const tokens = { access_token: token({ exp: inAnHour() }) };
  const { secrets } = await loginOf(JSON.stringify({ tokens }));
  expect(await secrets.login('chatgpt')).toMatchObject({ accountId: null });
});

test.for([
  [null, 'does not exist'],
  ['', 'is not the auth.json of codex'],
  ['{"tokens": {"access_token": "tell-nobody"', 'is not the auth.json of codex'],
  ['[]', 'is not the auth.json of codex'],
  ['{"tokens": {"access_token": 7}}', 'is not the auth.json of codex'],
  ['{"OPENAI_API_KEY": "tell-nobody", "tokens": null}', 'holds no ChatGPT login'],
  ['{"OPENAI_API_KEY": "tell-nobody"}', 'holds no ChatGPT login'],
  ['{"tokens": {"access_token": "tell-nobody"}}', 'holds an access token without an expiry'],
  ['{"tokens": {"access_token": "a.tell-nobody.c"}}', 'holds an access token without an expiry'],
  [JSON.stringify({ tokens: { access_token: token({}) } }), 'without an expiry'],
  [JSON.stringify({ tokens: { access_token: token({ exp: 'soon' }) } }), 'without an expiry'],
  [JSON.stringify({ tokens: { access_token: token({ exp: -1 }) } }), 'without an expiry'],
  [JSON.stringify({ tokens: { access_token: token({ exp: 1 }) } }), 'has expired'],
  [JSON.stringify({ tokens: { access_token: token({ exp: 9e15 }) } }), 'that is no time'],
] as const)(
  'a login %j is refused with the fix, and nothing of it is told',
  async ([text, why]) => {
    const { secrets, path, problem } = await loginOf(text);
    const told = await problem();
    expect(told).toContain(`secret chatgpt has no value: file ${path}`);
    expect(told).toContain(why);
    if (why !== 'holds no ChatGPT login') expect(told).toContain(FIX);
    expect(told).not.toContain('tell-nobody');
    expect((await secrets.values(['chatgpt'])).size).toBe(0);
    expect(await secrets.login('chatgpt')).toBeNull();
  },
);

test('a login that expires while the controller runs is refused from then on', async () => {
  const tokens = { access_token: token({ exp: inAnHour() }) };
  const { clock, problem } = await loginOf(JSON.stringify({ tokens }));
  await clock.advance(3_599_000);
  expect(await problem()).toBeNull();
  await clock.advance(1_000);
  expect(await problem()).toContain('has expired');
});
