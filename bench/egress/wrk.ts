import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { installDebianPackages } from '../../scripts/debian-packages.ts';

/** One burst of load. */
export interface Load {
  /** Path on the measured upstream. */
  readonly path: string;
  /** Of the upstream, on loopback. */
  readonly port: number;
  /** Null: straight to the upstream. */
  readonly proxyPort: number | null;
  readonly connections: number;
  readonly seconds: number;
  /** A connection for each request. */
  readonly isClosing: boolean;
  /** Bytes of the body of a POST; 0: a GET without one. */
  readonly bodyBytes: number;
}

/** What wrk counted. */
export interface Counted {
  readonly requests: number;
  readonly seconds: number;
  /** Connections that broke and answers that were none or not 2xx. */
  readonly failed: number;
}

/** The load generator: Debian's wrk, taught to go through a proxy. */
export interface Wrk {
  run(load: Load): Promise<Counted>;
}

/** Makes wrk ready in `folder`. */
export async function prepareWrk(folder: string): Promise<Wrk> {
  await installDebianPackages(['wrk', 'gcc', 'libc6-dev'], 'the load generator');
  const library = join(folder, 'connect-preload.so');
  const source = join(import.meta.dirname, 'connect-preload.c');
  await execa('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  const script = join(folder, 'load.lua');
  await writeFile(script, LUA);
  return { run: (load) => run(load, library, script) };
}

async function run(load: Load, library: string, script: string): Promise<Counted> {
  // The preload waits for each tunnel, so those who open many need threads.
  const threads = load.isClosing ? load.connections / 2 : 2;
  const { stdout } = await execa(
    'wrk',
    [
      ...['-t', String(threads), '-c', String(load.connections), '-d', `${load.seconds}s`],
      ...['--timeout', '20s', '-s', script, `https://localhost:${load.port}${load.path}`],
    ],
    {
      env: {
        LD_PRELOAD: library,
        BB_BENCH_PORT: String(load.port),
        ...(load.proxyPort === null ? {} : { BB_BENCH_PROXY: String(load.proxyPort) }),
        BB_BENCH_CLOSE: load.isClosing ? '1' : '0',
        BB_BENCH_BODY: String(load.bodyBytes),
      },
    },
  );
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1));
}

const LUA = `
if os.getenv('BB_BENCH_CLOSE') == '1' then wrk.headers['Connection'] = 'close' end
local size = tonumber(os.getenv('BB_BENCH_BODY'))
if size > 0 then
  wrk.method = 'POST'
  wrk.body = string.rep('x', size)
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%.6f,"failed":%d}', summary.requests,
    summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout))
end
`;
