import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpstreamSettings } from '../../../src/model/sidecar.ts';

/** What an upstream saw of a request, as its default answer repeats it. */
interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly bodyBytes: number;
}

/** A local server that is known to egress under names of the test's own. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** For the table: the names, and the certificate to trust. */
  readonly settings: UpstreamSettings;
  /** Requests that reached it, newest last. */
  readonly seen: readonly Echo[];
}

/** Repeats the request as JSON. */
const echo: RequestListener = (request, response) => {
  let bodyBytes = 0;
  request.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length;
  });
  request.on('end', () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, bodyBytes }));
  });
};

/** Starts a TLS server (or a plain one) on loopback for `hosts`, with a certificate that openssl made. */
export async function startUpstream(
  hosts: readonly string[],
  options: { readonly handler?: RequestListener; readonly plain?: boolean } = {},
): Promise<Upstream> {
  const seen: Echo[] = [];
  const handler = options.handler ?? echo;
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers: headers as Echo['headers'], bodyBytes: 0 });
    handler(request, response);
  };
  const certificate = options.plain === true ? null : selfSigned(hosts);
  const server: Server =
    certificate === null ? createServer(listener) : createTlsServer(certificate, listener);
  // Also those whose TLS handshake is not over, which the server does not know as its own yet.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    settings: {
      hosts: Object.fromEntries(hosts.map((host) => [host, ['127.0.0.1']])),
      trustedCaPem: certificate === null ? [] : [certificate.cert],
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A key with a certificate for these names. */
export function selfSigned(hosts: readonly string[]): {
  readonly key: string;
  readonly cert: string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'bb-upstream-'));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  const names = `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`;
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=upstream', '-addext', names, '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}
