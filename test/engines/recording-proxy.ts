import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A socket before an engine's that passes all bytes on and keeps those that went to the engine. */
export interface RecordingProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Everything that was sent since the last call. */
  taken(): string;
  /** First lines of the requests in `sent`. */
  requestLines(sent: string): readonly string[];
  /** Ends every connection that is open, as a restarting engine does. */
  cut(): void;
}

export async function recordingProxy(engineEndpoint: string): Promise<RecordingProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-proxy-'));
  const open = new Set<Socket>();
  let sent: Buffer[] = [];
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: engineEndpoint.slice('unix://'.length), allowHalfOpen: true });
    for (const socket of [client, engine]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk) => sent.push(chunk));
    client.pipe(engine).pipe(client);
    client.on('close', () => engine.destroy());
    engine.on('close', () => client.destroy());
  });
  const path = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    endpoint: `unix://${path}`,
    taken() {
      const text = Buffer.concat(sent).toString('latin1');
      sent = [];
      return text;
    },
    requestLines: (text) => text.match(/^(?:GET|POST|PUT|DELETE|HEAD) \S+ HTTP\/1\.1$/gm) ?? [],
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
