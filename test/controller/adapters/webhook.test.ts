import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { serveWebhook } from '../../../src/controller/adapters/webhook.ts';
import type { WebhookSettings } from '../../../src/controller/host-config.ts';
import { secretsOf } from '../../builders/secrets.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

const KEY = 'correct horse';
const BODY = '{"ref":"refs/heads/main"}';

/** A listener on a socket; gives how to deliver to it, and how many deliveries were believed. */
async function listener(known: { readonly [name: string]: string } = { hook: KEY }) {
  const path = `${(await temporaryFolder()).path}/hook.sock`;
  const listen: WebhookSettings['listen'] = { kind: 'unix', path };
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  let pushes = 0;
  await serveWebhook(
    { listen, secret: 'hook' },
    {
      secrets: secretsOf(known),
      signal: ended.signal,
      onPush: () => {
        pushes += 1;
      },
    },
  );
  const deliver = (headers: { readonly [name: string]: string }, body = BODY, method = 'POST') =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ socketPath: path, path: '/', method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { path, deliver, ended, pushes: () => pushes };
}

const sign = (key: string, body = BODY) => createHmac('sha256', key).update(body).digest('hex');

test.for([
  ['GitHub', 'x-hub-signature-256', `sha256=${sign(KEY)}`, `sha256=${sign('other')}`],
  ['Gitea', 'x-gitea-signature', sign(KEY), sign(KEY, `${BODY} `)],
  ['Forgejo', 'x-forgejo-signature', sign(KEY), ''],
  ['GitLab', 'x-gitlab-token', KEY, `${KEY}s`],
] as const)(
  'a delivery as %s signs it is believed, a forged one is not',
  async ([, name, good, forged]) => {
    const { deliver, pushes } = await listener();
    expect(await deliver({ [name]: forged })).toBe(401);
    expect(await deliver({})).toBe(401);
    expect(pushes()).toBe(0);
    expect(await deliver({ [name]: good })).toBe(202);
    expect(pushes()).toBe(1);
  },
);

test('a wrong signature is not made good by the secret’s other form', async () => {
  const { deliver, pushes } = await listener();
  const both = { 'x-hub-signature-256': 'sha256=00', 'x-gitlab-token': KEY };
  expect(await deliver(both)).toBe(401);
  expect(pushes()).toBe(0);
});

test('nothing is believed while the secret has no value, and only POST is', async () => {
  const { deliver, pushes } = await listener({});
  expect(await deliver({ 'x-hub-signature-256': `sha256=${sign('')}` })).toBe(503);
  const known = await listener();
  expect(await known.deliver({ 'x-gitlab-token': KEY }, '', 'GET')).toBe(405);
  expect(pushes() + known.pushes()).toBe(0);
});

test('the socket is closed with the signal, and an address that is taken is an error', async () => {
  const { deliver, ended } = await listener();
  ended.abort();
  await expect.poll(() => deliver({}).catch(() => 'closed')).toBe('closed');

  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const listen = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const ports = { secrets: secretsOf({}), onPush: () => undefined, signal: ended.signal };
  await expect(serveWebhook({ listen, secret: 'hook' }, ports)).rejects.toThrow(/EADDRINUSE/);
});
