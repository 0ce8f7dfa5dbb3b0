import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly url: string; readonly socketPath: string }
  | {
      readonly kind: 'tcp';
      readonly url: string;
      readonly host: string;
      readonly port: number;
      readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
    };

/** An endpoint, with where it was found; or why the setting that names one cannot be used. */
export type ResolvedEndpoint =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly from: string }
  | { readonly kind: 'problem'; readonly reason: string; readonly fix: string };

type Environment = { readonly [name: string]: string | undefined };

/**
 * Finds the engine as the `docker` program does: `DOCKER_HOST`, then the current context, then the sockets of Docker,
 * rootless Docker and Podman, the first that exists. dockerode does not read contexts, and takes `DOCKER_HOST` from
 * the process even when told a socket, so it is always given the outcome of this.
 */
export function resolveEndpoint(environment: Environment): ResolvedEndpoint {
  const host = environment['DOCKER_HOST'];
  if (host) return parseEndpoint(host, 'DOCKER_HOST', tlsFolder(environment));
  const context = currentContext(environment);
  if (context !== null && context !== 'default') return fromContext(environment, context);
  const socketPath = knownSockets(environment).find((path) => existsSync(path));
  return unixEndpoint(socketPath ?? DEFAULT_SOCKET, 'well-known socket');
}

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** Parses `unix:///path` and `tcp://host:port`. */
export function parseEndpoint(raw: string, from: string, tls: string | null): ResolvedEndpoint {
  if (raw.startsWith('unix://') && raw.length > 'unix://'.length) {
    return unixEndpoint(raw.slice('unix://'.length), from);
  }
  const tcp = /^(?:tcp|https?):\/\/(\[[0-9a-fA-F:]+\]|[^/:]+)(?::(\d{1,5}))?\/?$/.exec(raw);
  if (tcp?.[1] === undefined) {
    return {
      kind: 'problem',
      reason: `${from} names an endpoint that bb cannot use: ${raw}`,
      fix: 'Use unix:///path/to/docker.sock or tcp://host:port.',
    };
  }
  try {
    const port = Number(tcp[2] ?? (tls === null ? 2375 : 2376));
    const host = tcp[1].replace(/^\[|\]$/g, '');
    const endpoint = { kind: 'tcp', url: raw, host, port, tls: tls && readTls(tls) } as const;
    return { kind: 'endpoint', endpoint: { ...endpoint, tls: endpoint.tls || null }, from };
  } catch (error) {
    return {
      kind: 'problem',
      reason: `the TLS files of the engine cannot be read: ${error instanceof Error ? error.message : error}`,
      fix: 'DOCKER_CERT_PATH must name a folder with ca.pem, cert.pem and key.pem.',
    };
  }
}

function unixEndpoint(socketPath: string, from: string): ResolvedEndpoint {
  return {
    kind: 'endpoint',
    endpoint: { kind: 'unix', url: `unix://${socketPath}`, socketPath },
    from,
  };
}

function knownSockets(environment: Environment): readonly string[] {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const home = environment['HOME'];
  return [
    DEFAULT_SOCKET,
    ...(runtime ? [join(runtime, 'docker.sock')] : []),
    ...(home ? [join(home, '.docker/run/docker.sock')] : []),
    ...(runtime ? [join(runtime, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
  ];
}

function currentContext(environment: Environment): string | null {
  if (environment['DOCKER_CONTEXT']) return environment['DOCKER_CONTEXT'];
  const config = readJson(join(configFolder(environment), 'config.json'));
  return typeof config?.['currentContext'] === 'string' ? config['currentContext'] : null;
}

/** A context is kept in a folder that is named by the hash of its name. */
function fromContext(environment: Environment, name: string): ResolvedEndpoint {
  const id = createHash('sha256').update(name).digest('hex');
  const folder = configFolder(environment);
  const meta = readJson(join(folder, 'contexts/meta', id, 'meta.json'));
  const endpoints = meta?.['Endpoints'] as { docker?: { Host?: unknown } } | undefined;
  const host = endpoints?.docker?.Host;
  if (typeof host !== 'string') {
    return {
      kind: 'problem',
      reason: `the docker context ${name} does not exist or has no endpoint`,
      fix: 'Choose one with `docker context use`, or set DOCKER_HOST.',
    };
  }
  const tls = join(folder, 'contexts/tls', id, 'docker');
  return parseEndpoint(host, `docker context ${name}`, existsSync(tls) ? tls : null);
}

function configFolder(environment: Environment): string {
  return environment['DOCKER_CONFIG'] ?? join(environment['HOME'] ?? '/', '.docker');
}

function tlsFolder(environment: Environment): string | null {
  if (!environment['DOCKER_TLS_VERIFY']) return null;
  return environment['DOCKER_CERT_PATH'] ?? join(environment['HOME'] ?? '/', '.docker');
}

function readTls(folder: string) {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

function readJson(path: string): { readonly [key: string]: unknown } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
