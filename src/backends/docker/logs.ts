import { Readable } from 'node:stream';
import type { Engine } from './engine.ts';
import { type Frame, FrameReader } from './frames.ts';
import { LineSplitter } from './lines.ts';

/** The container's output as lines, both streams in the order in which the engine has them. */
export async function* containerLogs(
  engine: Engine,
  containerId: string,
  options: { readonly follow: boolean; readonly tail: number | null; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { signal } = options;
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  try {
    const source = await openLogs(engine, containerId, options);
    const frames = new FrameReader();
    source.on('error', (error) => frames.destroy(error));
    signal.addEventListener('abort', () => source.destroy(signal.reason), { once: true });
    for await (const frame of source.pipe(frames) as AsyncIterable<Frame>) {
      yield* splitters[frame.stream].take(frame.content);
    }
    yield* splitters.stdout.end();
    yield* splitters.stderr.end();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function openLogs(
  engine: Engine,
  containerId: string,
  options: { readonly follow: boolean; readonly tail: number | null; readonly signal: AbortSignal },
): Promise<Readable> {
  const container = engine.streams.getContainer(containerId);
  const shared = {
    stdout: true,
    stderr: true,
    abortSignal: options.signal,
    ...(options.tail === null ? {} : { tail: options.tail }),
  };
  if (options.follow) {
    return Readable.from(await container.logs({ ...shared, follow: true }), { objectMode: false });
  }
  return Readable.from([await container.logs({ ...shared, follow: false })], { objectMode: false });
}
