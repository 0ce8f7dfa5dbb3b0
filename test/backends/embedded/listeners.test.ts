import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { HAND_OVER_ARGV } from '../../../src/backends/embedded/hand-over.ts';

/** Runs the program where we are and gives what came over its channel, and what it said. */
async function handedOver(argv: readonly string[], ports: readonly number[]) {
  const [program = '', ...rest] = [...argv, ...ports.map(String)];
  const child = spawn(program, rest, {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const handles: { readonly fd: number; close(): void }[] = [];
  let said = '';
  child.stderr?.on('data', (text) => {
    said += String(text);
  });
  child.on('message', (_message, handle: unknown) => handles.push(handle as (typeof handles)[0]));
  const [code] = await once(child, 'close');
  return { handles, said, code };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

describe('handing sockets over, where there is no launcher', () => {
  it('they listen after the helper is gone, until they are closed', async () => {
    const ports = [await freePort(), await freePort()];
    const { handles, code, said } = await handedOver(HAND_OVER_ARGV, ports);
    expect(`${code} ${said}`).toBe('0 ');
    expect(handles).toHaveLength(2);
    for (const { fd } of handles) expect(fd).toBeGreaterThan(2);
    for (const port of ports) expect(await canConnect(port)).toBe(true);
    for (const handle of handles) handle.close();
    await expect.poll(() => canConnect(ports[0] ?? 0)).toBe(false);
  });

  it('a port that is taken is an error that names it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { handles, code, said } = await handedOver(HAND_OVER_ARGV, [port]);
    server.close();
    expect(handles).toEqual([]);
    expect(code).not.toBe(0);
    expect(said).toContain(String(port));
  });
});
