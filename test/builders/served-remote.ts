import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { gitRepository, openTestRepository, type TestRepository } from './repository.ts';
import { temporaryFolder } from './state-directory.ts';

/** A bare repository behind git's own smart HTTP on loopback, and a clone of somebody who pushes there. */
export interface ServedRemote {
  readonly url: string;
  /** Where the bare repository is. */
  readonly path: string;
  /** Somebody else's clone, with `main` checked out. */
  readonly pusher: TestRepository;
  /** Runs git in the bare repository. */
  git(...args: readonly string[]): Promise<string>;
  /** Another clone. */
  clone(name: string): Promise<TestRepository>;
  /** What each request was for, with who sent it. */
  readonly requests: { readonly path: string; readonly user: string | null }[];
  /** Connections are cut until it is up again. */
  isDown: boolean;
  /** Nobody may push. */
  isReadOnly: boolean;
  /** Cuts the answer of the next push after the branch has moved. */
  cutsNextPush: boolean;
  /** `user:password` that is asked for; null lets anybody in. */
  login: string | null;
}

/** Serves a repository of `files` on `main` until the test ends. */
export async function servedRemote(
  files: { readonly [path: string]: string },
  options: { readonly objectFormat?: 'sha1' | 'sha256' } = {},
): Promise<ServedRemote> {
  const folder = (await temporaryFolder()).path;
  const path = join(folder, 'fleet.git');
  const pusher = await gitRepository({ ...options, files });
  onTestFinished(() => pusher[Symbol.asyncDispose]());
  await execa('git', ['clone', '--quiet', '--bare', pusher.root, path]);
  const bare = openTestRepository(path);
  await bare.git('config', 'http.receivepack', 'true');
  await bare.git('config', 'receive.advertisePushOptions', 'false');
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const remote: ServedRemote = {
    url: `http://127.0.0.1:${port}/fleet.git`,
    path,
    pusher,
    requests: [],
    isDown: false,
    isReadOnly: false,
    cutsNextPush: false,
    login: null,
    git: (...args) => bare.git(...args),
    async clone(name) {
      const root = join(folder, name);
      await execa('git', ['clone', '--quiet', remote.url, root]);
      const clone = openTestRepository(root);
      await clone.git('config', 'user.name', name);
      await clone.git('config', 'user.email', `${name}@example.test`);
      await clone.git('config', 'commit.gpgSign', 'false');
      return clone;
    },
  };
  await pusher.git('remote', 'add', 'origin', path);
  return remote;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (remote.isDown) {
      request.socket.destroy();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    const given = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const user = given === undefined ? null : Buffer.from(given, 'base64').toString();
    remote.requests.push({ path: pathname + search, user });
    const isPush = /receive-pack/.test(pathname + search);
    if (remote.isReadOnly && isPush) {
      response.writeHead(403).end();
      return;
    }
    if (remote.login !== null && user !== remote.login) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="fleet"' }).end();
      return;
    }
    const isCut =
      remote.cutsNextPush && request.method === 'POST' && /receive-pack$/.test(pathname);
    const answered = await runBackend(folder, request, pathname, search);
    if (isCut) {
      remote.cutsNextPush = false;
      request.socket.destroy();
      return;
    }
    response.writeHead(answered.status, answered.headers).end(answered.body);
  }
}

/** One request by `git http-backend`, which is a CGI program. */
async function runBackend(
  root: string,
  request: IncomingMessage,
  pathname: string,
  search: string,
) {
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'pusher',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      ...(request.headers['git-protocol'] === undefined
        ? {}
        : { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
    },
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  const output = Buffer.concat(chunks);
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString().split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const { Status, ...rest } = headers;
  return {
    status: Number.parseInt(Status ?? '200', 10),
    headers: rest,
    body: output.subarray(end + 4),
  };
}
