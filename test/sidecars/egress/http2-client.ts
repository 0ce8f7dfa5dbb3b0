import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished } from 'vitest';
import { exchange } from './agent-client.ts';
import type { EgressHarness } from './harness.ts';

/** An HTTP/2 connection through egress to `host:port`, until the test is over. */
export async function http2Session(
  egress: EgressHarness,
  target: string,
): Promise<ClientHttp2Session> {
  const socket = connect(egress.port, '127.0.0.1');
  const answer = exchange(
    socket,
    `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    () => true,
  );
  expect(await answer).toContain(' 200 ');
  socket.removeAllListeners('data');
  const secure = connectTls({
    socket,
    servername: target.slice(0, target.lastIndexOf(':')),
    ca: readFileSync(egress.caFile),
    ALPNProtocols: ['h2'],
  });
  await new Promise((resolve, reject) =>
    secure.once('secureConnect', resolve).once('error', reject),
  );
  expect(secure.alpnProtocol).toBe('h2');
  const session = connectHttp2(`https://${target}`, {
    createConnection: () => secure,
    maxOutstandingPings: 2000,
  });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** One request on it, with its whole answer. */
export function ask(
  session: ClientHttp2Session,
  headers: { readonly [name: string]: string },
  body?: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return new Promise((resolve, reject) => {
    let status = 0;
    let text = '';
    stream.once('response', (answer) => {
      status = answer[':status'] ?? 0;
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.once('end', () => resolve({ status, body: text })).once('error', reject);
  });
}
