import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../src/sidecars/egress/limits.ts';
import { egressRoute } from '../../builders/desired.ts';
import { eventually } from '../../eventually.ts';
import { dial, exchange, send, tunnel } from './agent-client.ts';
import type { TableParts } from './harness.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  getBlock,
  literal,
  PREFACE,
} from './http2-frames.ts';
import { type LimitedProxy, startLimitedProxy } from './limited-proxy.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const API = 'api.example.test';

/** A proxy that lets everything to the upstream pass, within these limits. */
function limited(upstream: Upstream, limits: Partial<Limits>): Promise<LimitedProxy> {
  const parts: TableParts = {
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  };
  return startLimitedProxy(parts, limits);
}

const isWhole = (received: string): boolean => received.includes('\r\n\r\n');

describe('the size of a head', () => {
  const ask = async (limits: Partial<Limits>, line: string, headers = ''): Promise<string> => {
    await using upstream = await startUpstream([API], { plain: true });
    using proxy = await limited(upstream, limits);
    const authority = `${API}:${upstream.port}`;
    const head = `GET http://${authority}${line} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`;
    return (await exchange(dial(proxy), head, isWhole)).slice(9, 12);
  };
  const url = (length: number): string => '/'.padEnd(length, 'x');

  test('a URL may be as long as the limit, one that is longer is answered with 414', async () => {
    const limits = { urlLength: 200 };
    expect(await ask(limits, url(150))).toBe('200');
    expect(await ask(limits, url(200))).toBe('414');
  });

  test('a head above its bytes is answered with 431, also before it ends', async () => {
    const limits = { headBytes: 1000 };
    expect(await ask(limits, '/', `x-long: ${'y'.repeat(800)}\r\n`)).toBe('200');
    expect(await ask(limits, '/', `x-long: ${'y'.repeat(1000)}\r\n`)).toBe('431');
    expect(await ask(limits, '/', `x-long: ${'y'.repeat(3000)}`)).toBe('431');
  });

  test('more header lines than the limit are answered with 431', async () => {
    const limits = { headerLines: 10 };
    const lines = (count: number): string => 'x-line: y\r\n'.repeat(count);
    expect(await ask(limits, '/', lines(9))).toBe('200');
    expect(await ask(limits, '/', lines(10))).toBe('431');
  });
});

// They wait for what they count.
describe('time', { concurrent: true }, () => {
  test('a head that trickles in is answered with 408, one that comes in time passes', async () => {
    await using upstream = await startUpstream([API], { plain: true });
    using proxy = await limited(upstream, { headMs: 1500 });
    const authority = `${API}:${upstream.port}`;
    const head = `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
    const slow = trickle(dial(proxy), head.slice(0, -2) + 'x-slow: '.padEnd(5000, 'y'), 20);
    const inTime = exchange(dial(proxy), head, isWhole);
    expect(await inTime).toMatch(/^HTTP\/1\.1 200 /);
    expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
    expect(upstream.seen).toHaveLength(1);
  });

  test('a body that stops coming ends, one that goes on may take longer than the limit', async () => {
    await using upstream = await startUpstream([API], { plain: true });
    using proxy = await limited(upstream, { silentMs: 1500 });
    const authority = `${API}:${upstream.port}`;
    const head = `POST http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: 100\r\n\r\n`;
    const stopped = exchange(dial(proxy), `${head}ten bytes.`);
    const moving = trickle(dial(proxy), 'x'.repeat(100), 40, head);
    expect(await stopped).toBe('');
    expect(await moving).toContain('"bodyBytes":100');
  });

  test('a stream of HTTP/2 on which nothing moves is reset, its connection stays', async () => {
    await using upstream = await startUpstream([API], { handler: () => undefined });
    using proxy = await limited(upstream, { silentMs: 500 });
    const target = `${API}:${upstream.port}`;
    const socket = await tunnel(proxy, { target, protocols: ['h2'] });
    const received = collect(socket);
    socket.write(PREFACE);
    socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, getBlock(target)));
    await eventually('it is reset', () => frameTypes(received()).includes(FRAME.reset));
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  test('an idle connection ends, one that asks now and then lives on', async () => {
    await using upstream = await startUpstream([API], { plain: true });
    using proxy = await limited(upstream, { idleMs: 1500 });
    const [idle, busy] = [dial(proxy), dial(proxy)];
    const state = { idle: false, busy: false };
    idle.resume().once('close', () => {
      state.idle = true;
    });
    busy.resume().once('close', () => {
      state.busy = true;
    });
    const authority = `${API}:${upstream.port}`;
    await eventually('the idle one ends', async () => {
      busy.write(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      return state.idle;
    });
    expect(state.busy).toBe(false);
    busy.destroy();
  });

  test('TLS that is not begun in a tunnel ends it', async () => {
    await using upstream = await startUpstream([API]);
    using proxy = await limited(upstream, { headMs: 300 });
    const target = `${API}:${upstream.port}`;
    const received = await exchange(
      dial(proxy),
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    );
    expect(received).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    expect((await send(proxy, `https://${target}/`)).status).toBe(200);
  });
});

describe('numbers', () => {
  test('one tunnel too many is answered with 503, until another has ended', async () => {
    await using upstream = await startUpstream([API]);
    using proxy = await limited(upstream, { tunnels: 2 });
    const target = `${API}:${upstream.port}`;
    const [first, second] = [await tunnel(proxy, { target }), await tunnel(proxy, { target })];
    await expect(tunnel(proxy, { target })).rejects.toThrow('503');
    first.destroy();
    await eventually('there is room again', () => tunnel(proxy, { target }).catch(() => undefined));
    second.destroy();
  });

  test('a connection too many is closed at once, until another has ended', async () => {
    await using upstream = await startUpstream([API], { plain: true });
    using proxy = await limited(upstream, { connections: 2 });
    const [first, second] = [dial(proxy), dial(proxy)];
    await Promise.all([first, second].map((socket) => opened(socket)));
    const url = `http://${API}:${upstream.port}/`;
    await expect(send(proxy, url)).rejects.toThrow();
    first.destroy();
    const answer = await eventually('there is room', () => send(proxy, url).catch(() => undefined));
    expect(answer.status).toBe(200);
    second.destroy();
  });
});

describe('a flood on HTTP/2', () => {
  const rates: Partial<Limits> = { controlFramesPerSecond: 50 };
  const block = (target: string): Buffer => getBlock(target);
  const stream = (at: number): number => at * 2 + 1;
  test.for<[string, (target: string, at: number) => Buffer]>([
    ['SETTINGS', () => frame(FRAME.settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))],
    ['PING', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    [
      'streams that are reset at once',
      (target, at) =>
        Buffer.concat([
          frame(FRAME.headers, END_HEADERS | END_STREAM, stream(at), block(target)),
          frame(FRAME.reset, 0, stream(at), Buffer.from([0, 0, 0, 8])),
        ]),
    ],
    [
      'CONTINUATION',
      (target, at) =>
        at === 0
          ? frame(FRAME.headers, 0, 1, block(target))
          : frame(FRAME.continuation, 0, 1, literal('x-more', 'y'.repeat(100))),
    ],
    [
      'empty CONTINUATION',
      (target, at) =>
        at === 0
          ? frame(FRAME.headers, 0, 1, block(target))
          : frame(FRAME.continuation, 0, 1, Buffer.alloc(0)),
    ],
    [
      'empty DATA',
      (target, at) =>
        at === 0
          ? frame(FRAME.headers, END_HEADERS, 1, block(target))
          : frame(FRAME.data, 0, 1, Buffer.alloc(0)),
    ],
  ])('of %s ends the connection, and another one is served', async ([, flood]) => {
    await using upstream = await startUpstream([API], { handler: () => undefined });
    using proxy = await limited(upstream, rates);
    const target = `${API}:${upstream.port}`;
    const socket = await tunnel(proxy, { target, protocols: ['h2'] });
    socket.on('error', () => undefined).resume();
    socket.write(PREFACE);
    let sent = 0;
    await eventually('the connection ends', () => {
      for (let count = 0; count < 200 && socket.writable; count += 1) {
        socket.write(flood(target, sent));
        sent += 1;
      }
      return socket.destroyed;
    });
    const fresh = await tunnel(proxy, { target, protocols: ['h2'] });
    const received = collect(fresh);
    fresh.write(Buffer.concat([PREFACE, frame(FRAME.ping, 0, 0, Buffer.alloc(8))]));
    await eventually('it answers', () => frameTypes(received()).includes(FRAME.ping));
    fresh.destroy();
  });

  test('of headers that are too many ends the stream or the connection before they reach a rule', async () => {
    await using upstream = await startUpstream([API]);
    using proxy = await limited(upstream, { headBytes: 4096, headerLines: 20 });
    const target = `${API}:${upstream.port}`;
    const ask = async (lines: number): Promise<readonly number[]> => {
      const socket = await tunnel(proxy, { target, protocols: ['h2'] });
      const received = collect(socket);
      const more = Array.from({ length: lines }, (_, at) => literal(`x-${at}`, 'y'.repeat(60)));
      const headers = Buffer.concat([getBlock(target), ...more]);
      socket.write(PREFACE);
      socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headers));
      const isOver = (type: number): boolean => type !== FRAME.settings && type !== 8;
      await eventually('an answer', () => socket.destroyed || frameTypes(received()).some(isOver));
      socket.destroy();
      return frameTypes(received());
    };
    expect(await ask(10)).toContain(FRAME.headers);
    expect(upstream.seen).toHaveLength(1);
    await ask(100);
    expect(upstream.seen).toHaveLength(1);
  });
});

/** Everything that has come so far. */
function collect(socket: Socket): () => Buffer {
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

function frameTypes(bytes: Buffer): readonly number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    types.push(bytes.readUInt8(at + 3));
  }
  return types;
}

/** Sends `first` at once and the rest byte by byte, until it is through or answered; gives the answer. */
async function trickle(socket: Socket, text: string, everyMs: number, first = ''): Promise<string> {
  let at = 0;
  const drip = setInterval(() => {
    if (socket.writable && at < text.length) socket.write(text.charAt(at));
    at += 1;
  }, everyMs);
  const answer = await exchange(socket, first, (received) => /\r\n\r\n./s.test(received));
  clearInterval(drip);
  socket.destroy();
  return answer;
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('connect', () => resolve()));
}
