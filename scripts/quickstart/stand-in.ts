import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A local `api.example.test`, so that the quick start talks to nothing outside this machine. */
export interface StandIn extends AsyncDisposable {
  /** Authority to trust for it. */
  readonly caPem: string;
  /** For what is no request, such as an upgrade. */
  readonly server: Server;
}

/** Serves `names` over TLS at `address:port`, with an authority of its own; greets, where no `listener` is given. */
export async function startStandIn(
  names: string | readonly string[],
  address: string,
  port: number,
  listener: RequestListener = greetingOf([names].flat().join(', ')),
): Promise<StandIn> {
  const { caPem, certPem, keyPem } = await certificates([names].flat());
  const server = createServer({ cert: certPem, key: keyPem }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    caPem,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function greetingOf(name: string): RequestListener {
  return (request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(`hello from ${name}${request.url ?? ''}\n`);
  };
}

/** An authority and a leaf that it signed, made by openssl in a folder that is gone afterwards. */
async function certificates(names: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'bb-stand-in-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const openssl = (...argv: readonly string[]) => execa('openssl', argv, { cwd: folder });
  try {
    await openssl(
      ...['req', '-x509', ...key, '-days', '2', '-subj', '/CN=Quick start stand-in authority'],
      ...['-keyout', 'ca.key', '-out', 'ca.pem'],
    );
    await openssl(
      ...['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${names[0]}`],
      ...['-CA', 'ca.pem', '-CAkey', 'ca.key'],
      ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
      ...[
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-keyout',
        'leaf.key',
        '-out',
        'leaf.pem',
      ],
    );
    const read = (file: string) => readFile(join(folder, file), 'utf8');
    return {
      caPem: await read('ca.pem'),
      certPem: await read('leaf.pem'),
      keyPem: await read('leaf.key'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
