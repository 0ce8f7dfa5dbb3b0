import { type RecordingProxy, recordingProxy } from '../test/engines/recording-proxy.ts';
import type { Bench } from './bench.ts';

/** Calls to an engine, counted by a proxy before its socket. */
export interface RecordedCalls {
  readonly endpoint: string;
  /** Request lines since the last call. */
  take(): readonly string[];
}

/** Counts what is asked of the engine of this run through `endpoint`. */
export async function recordCalls(bench: Bench): Promise<RecordedCalls> {
  const { endpoint } = await bench.engine();
  const proxy: RecordingProxy = await recordingProxy(endpoint);
  bench.defer(() => proxy[Symbol.asyncDispose]());
  return { endpoint: proxy.endpoint, take: () => proxy.requestLines(proxy.taken()) };
}

/** Those that may change something. */
export function mutating(requestLines: readonly string[]): readonly string[] {
  return requestLines.filter((line) => !/^(?:GET|HEAD) /.test(line));
}
