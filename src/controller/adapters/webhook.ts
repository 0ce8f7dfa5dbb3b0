import { createHmac, timingSafeEqual } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { WebhookSettings } from '../host-config.ts';
import type { Secrets } from '../ports/secrets.ts';

/** GitHub sends at most this much. */
const MAX_BODY_BYTES = 25 * 1024 * 1024;
const REQUEST_LIMIT_MS = 10_000;
const MAX_CONNECTIONS = 32;

/** Where a hex HMAC-SHA256 of the body is: GitHub, Gitea, Forgejo. */
const SIGNATURES = ['x-hub-signature-256', 'x-gitea-signature', 'x-forgejo-signature'] as const;
/** Where the secret itself is: GitLab. */
const TOKEN = 'x-gitlab-token';

/**
 * Listens for deliveries of a forge until `signal` aborts. One that proves that its sender knows the secret calls
 * `onPush`; what it says is not read, so a replayed one costs a look at the remote. Resolves when it listens.
 *
 * @throws Error when the address cannot be listened on.
 */
export async function serveWebhook(
  { listen, secret }: WebhookSettings,
  ports: {
    readonly secrets: Pick<Secrets, 'values'>;
    readonly onPush: () => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const readKey = async () => (await ports.secrets.values([secret])).get(secret)?.value;
  const server = createServer((request, response) => {
    answer(request, readKey).then(
      (status) => {
        if (status === 202) ports.onPush();
        end(response, status);
      },
      () => response.destroy(),
    );
  });
  server.requestTimeout = REQUEST_LIMIT_MS;
  server.headersTimeout = REQUEST_LIMIT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listenAt(server, listen);
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  if (ports.signal.aborted) close();
  else ports.signal.addEventListener('abort', close, { once: true });
}

/** The status that the delivery deserves. The body is hashed as it comes and kept nowhere. */
async function answer(
  request: IncomingMessage,
  readKey: () => Promise<string | undefined>,
): Promise<202 | 401 | 405 | 413 | 503> {
  if (request.method !== 'POST') return 405;
  const key = await readKey();
  if (key === undefined || key === '') return 503;
  const hmac = createHmac('sha256', key);
  let size = 0;
  for await (const chunk of request) {
    const bytes: Uint8Array = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return 413;
    hmac.update(bytes);
  }
  return isAuthentic(request, hmac.digest('hex'), key) ? 202 : 401;
}

function isAuthentic({ headers }: IncomingMessage, expected: string, key: string): boolean {
  const signed = SIGNATURES.map((name) => headers[name]).find((value) => value !== undefined);
  if (signed !== undefined) return isSame(String(signed).replace(/^sha256=/, ''), expected);
  const token = headers[TOKEN];
  return typeof token === 'string' && isSame(token, key);
}

/** Takes as long for any text; what is compared are digests of one length. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compared').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0, connection: 'close' }).end();
}

async function listenAt(server: Server, listen: WebhookSettings['listen']): Promise<void> {
  // Whoever listened there before is gone: one controller a fleet holds the lock.
  if (listen.kind === 'unix') await rm(listen.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve());
    if (listen.kind === 'unix') server.listen(listen.path);
    else server.listen(listen.port, listen.host);
  });
}
