import type { IncomingMessage, ServerResponse } from 'node:http';
import type Docker from 'dockerode';
import { makeStandInNetwork } from '../../scripts/quickstart/network.ts';
import { startStandIn } from '../../scripts/quickstart/stand-in.ts';

export const API = 'api.example.test';
export const PORT = 8443;
export const URL_OF_API = `https://${API}:${PORT}`;

/** What an upstream was asked. */
interface Received {
  readonly path: string;
  readonly authorization: string | null;
}

/** A local `api.example.test` that bottles of this engine can reach, and what it was asked. */
export interface Upstream extends AsyncDisposable {
  readonly address: string;
  readonly caPem: string;
  readonly received: readonly Received[];
  /** Sends a line to everyone who holds `/public/stream` open, and gives how many there are. */
  tell(line: string): number;
  /** Ends those responses, and gives how many there were. */
  end(): number;
}

/** Where a fleet is served by somebody else. */
export const NO_UPSTREAM: Omit<Upstream, 'caPem'> = {
  address: '192.0.2.1',
  received: [],
  tell: () => 0,
  end: () => 0,
  [Symbol.asyncDispose]: async () => undefined,
};

/** `name` keeps the networks of files that run at the same time apart. */
export async function startUpstream(docker: Docker, name: string): Promise<Upstream> {
  const network = await makeStandInNetwork(docker, `bb-scenario-${name}`);
  const received: Received[] = [];
  const streams = new Set<ServerResponse>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    received.push({ path, authorization: request.headers.authorization ?? null });
    response.setHeader('content-type', 'text/plain');
    if (path.startsWith('/public/stream')) {
      streams.add(response);
      response.on('close', () => streams.delete(response));
      response.write('open\n');
    } else response.end(answerTo(path));
  };
  const standIn = await startStandIn(API, network.address, PORT, listener);
  return {
    address: network.address,
    caPem: standIn.caPem,
    received,
    tell(line) {
      for (const stream of streams) stream.write(`${line}\n`);
      return streams.size;
    },
    end() {
      const count = streams.size;
      for (const stream of streams) stream.end();
      return count;
    },
    async [Symbol.asyncDispose]() {
      await standIn[Symbol.asyncDispose]();
      await network.remove();
    },
  };
}

/** A greeting, or what git reads of a repository that is served as plain files. */
function answerTo(path: string): string {
  if (path.includes('/info/refs')) return `${'1'.repeat(40)}\trefs/heads/main\n`;
  return path.endsWith('/HEAD') ? 'ref: refs/heads/main\n' : `hello from ${API}${path}\n`;
}
