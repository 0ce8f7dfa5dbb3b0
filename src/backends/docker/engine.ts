import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import type { Endpoint, ResolvedEndpoint } from './endpoint.ts';
import { unavailable } from './engine-error.ts';

/** A connected engine. */
export interface Engine {
  readonly endpoint: Endpoint;
  /** For calls that answer soon: a silent minute ends them. */
  readonly calls: Docker;
  /** For events, logs, builds and sessions, which may be silent for as long as they like. */
  readonly streams: Docker;
  /** For Podman's own interface, which the same socket serves. */
  readonly libpod: Docker;
  /** The version that every path is pinned to: at most `NEWEST_API`. */
  readonly apiVersion: string;
  /** The newest version that the engine serves: tells what it can do, where its own version may be any text. */
  readonly servedApi: string;
  /** `20.10.24`, `29.0.1`, … */
  readonly version: string;
  /** `Docker Engine` or `Podman Engine`. */
  readonly product: string;
}

/** The newest API that this backend was written against; newer engines still serve it. */
const NEWEST_API = '1.44';
/** The oldest that every Podman since 4.0 serves. */
const LIBPOD_API = '4.0.0';
const CALL_TIMEOUT_MS = 60_000;
const VERSION_TIMEOUT_MS = 10_000;

/** Asks the engine who it is and pins the API version. Rejects with what dockerode or the socket said. */
export async function connect(resolved: ResolvedEndpoint): Promise<Engine> {
  if (resolved.kind === 'problem') throw unavailable(resolved.reason, resolved.fix);
  const { endpoint } = resolved;
  const answer = await client(endpoint, null, VERSION_TIMEOUT_MS).version();
  const apiVersion = isNewer(answer.ApiVersion, NEWEST_API) ? NEWEST_API : answer.ApiVersion;
  return {
    endpoint,
    calls: client(endpoint, apiVersion, CALL_TIMEOUT_MS),
    streams: client(endpoint, apiVersion, null),
    libpod: client(endpoint, LIBPOD_API, CALL_TIMEOUT_MS),
    apiVersion,
    servedApi: answer.ApiVersion,
    version: answer.Version.split(/[+~-]/)[0] ?? answer.Version,
    product: productName(answer),
  };
}

/** True when dotted number `a` is above `b`. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * Every option is given, `undefined` too: dockerode fills what is missing from `DOCKER_*` of the process. No connection
 * is kept alive, since one that was open over a restart of the engine fails the next call.
 */
function client(endpoint: Endpoint, apiVersion: string | null, timeoutMs: number | null): Docker {
  const tcp = endpoint.kind === 'tcp' ? endpoint : null;
  const options = {
    socketPath: endpoint.kind === 'unix' ? endpoint.socketPath : undefined,
    host: tcp?.host,
    port: tcp?.port,
    protocol: tcp?.tls ? 'https' : 'http',
    ca: tcp?.tls?.ca,
    cert: tcp?.tls?.cert,
    key: tcp?.tls?.key,
    version: apiVersion === null ? undefined : `v${apiVersion}`,
    timeout: timeoutMs ?? undefined,
    agent: briefAgent(tcp?.tls ? new HttpsAgent(NO_KEEP_ALIVE) : new HttpAgent(NO_KEEP_ALIVE)),
  };
  return new Docker(options as Docker.DockerOptions);
}

const NO_KEEP_ALIVE = { keepAlive: false };

/**
 * docker-modem formats all options of each request for a debug line, whether anybody reads it or not: with every open
 * socket that hangs on the agent, that was most of the time of forty bottles.
 */
function briefAgent(agent: HttpAgent): HttpAgent {
  return Object.assign(agent, { [inspect.custom]: () => 'agent' });
}

function productName(answer: Docker.DockerVersion): string {
  const components = answer.Components ?? [];
  return components.some(({ Name }) => Name === 'Podman Engine')
    ? 'Podman Engine'
    : 'Docker Engine';
}
