import { cpus } from 'node:os';
import type { EgressRoute } from '../src/model/egress-route.ts';
import { fingerprint } from '../src/model/fingerprint.ts';
import { decide, type EgressRequest } from '../src/sidecars/egress/decide.ts';
import { readRequest } from '../src/sidecars/egress/read-request.ts';
import { compileTable } from '../src/sidecars/egress/route-table.ts';
import { parseTable } from '../src/sidecars/egress/table-text.ts';

/**
 * One decision against tables of 10 and of 1,000 routes, from the raw request to the verdict: median and p99 in
 * microseconds, medians of five rounds, and how much the larger table costs. `--json` prints one object as last line.
 */
const ROUNDS = 5;
const DECISIONS = 20_000;

const small = measure(10);
const large = measure(1000);
const result = {
  bench: 'egress-decision',
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, node ${process.version}`,
  medians: {
    p50Us10Routes: small.p50,
    p99Us10Routes: small.p99,
    p50Us1000Routes: large.p50,
    p99Us1000Routes: large.p99,
    load1000RoutesMs: large.loadMs,
  },
  ratios: { p50Of1000To10: round(large.p50 / small.p50) },
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else console.log(result);

function measure(count: number): { p50: number; p99: number; loadMs: number } {
  const text = tableText(count);
  const loads: number[] = [];
  const p50: number[] = [];
  const p99: number[] = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    const startMs = performance.now();
    const table = compileTable(parseTable(text), {});
    loads.push(performance.now() - startMs);
    const timesUs: number[] = [];
    for (let turn = 0; turn < DECISIONS; turn += 1) {
      const raw = requestOf(turn % count, turn % 3);
      const beganNs = process.hrtime.bigint();
      const request = requestFrom(raw);
      const decision = decide(table, request, 0);
      timesUs.push(Number(process.hrtime.bigint() - beganNs) / 1000);
      if (decision.kind === 'local') throw new Error('no request of this bench is local');
    }
    timesUs.sort((one, other) => one - other);
    p50.push(at(timesUs, 0.5));
    p99.push(at(timesUs, 0.99));
  }
  return { p50: median(p50), p99: median(p99), loadMs: median(loads) };
}

function requestFrom(raw: Parameters<typeof readRequest>[0]): EgressRequest {
  const read = readRequest(raw, null);
  if (read.kind === 'deny') throw new Error(read.reason);
  return read.request;
}

/** Allowed by its first match, allowed by its last one, or denied. */
function requestOf(host: number, kind: number): Parameters<typeof readRequest>[0] {
  const name = `host-${host}.example.test`;
  const path = ['/v1/items?page=2', '/api/users/42', '/private/%7Euser'][kind] ?? '/';
  return {
    method: 'GET',
    url: `http://${name}${path}`,
    rawHeaders: ['Host', name, 'Accept', '*/*', 'User-Agent', 'bench/1', 'Accept-Encoding', 'gzip'],
  };
}

function tableText(count: number): string {
  const routes: EgressRoute[] = Array.from({ length: count }, (_, index) => ({
    host: `host-${index}.example.test`,
    ports: [80, 443],
    matches: [
      { paths: [{ kind: 'prefix', value: '/v1/' }], methods: ['GET', 'POST'], headers: [] },
      { paths: [{ kind: 'regex', value: '/api/[a-z]+/[0-9]+' }], methods: [], headers: [] },
    ],
    auth: null,
    dlp: null,
    git: { fetch: false },
    addresses: [],
    expires: null,
  }));
  const hashed = { routes, allowlist: [], upstream: { hosts: {}, trustedCaPem: [] }, secrets: {} };
  return JSON.stringify({ generation: 1, bottle: 'bench', hash: fingerprint(hashed), ...hashed });
}

function at(sorted: readonly number[], quantile: number): number {
  return round(sorted[Math.floor(sorted.length * quantile)] ?? 0);
}

function median(values: readonly number[]): number {
  return round(values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
