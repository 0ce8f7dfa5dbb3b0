import type { EgressRoute } from '../src/model/egress-route.ts';
import { fingerprint } from '../src/model/fingerprint.ts';
import { decide, type EgressRequest } from '../src/sidecars/egress/decide.ts';
import { readRequest } from '../src/sidecars/egress/read-request.ts';
import { compileTable } from '../src/sidecars/egress/route-table.ts';
import { parseTable } from '../src/sidecars/egress/table-text.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { median, quantile } from './statistics.ts';

const ROUNDS = 5;
const DECISIONS = 20_000;

/** One decision against small and large tables, from the raw request to the verdict. */
export const egressDecision: Benchmark = {
  name: 'egress-decision',
  about: 'one decision of egress against 10 and 1,000 routes',
  run: async () => {
    const small = measure(10);
    const large = measure(1_000);
    return {
      figures: [
        figure('p50 of 10 routes', small.p50, 'µs'),
        figure('p99 of 10 routes', small.p99, 'µs'),
        figure('p50 of 1000 routes', large.p50, 'µs'),
        figure('p99 of 1000 routes', large.p99, 'µs'),
        figure('load 1000 routes', large.loadMs, 'ms'),
        figure('p50 of hundredfold routes', large.p50 / small.p50, '×'),
      ],
      notes: [`medians of ${ROUNDS} rounds of ${DECISIONS} decisions`],
    };
  },
};

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
    p50.push(quantile(timesUs, 0.5));
    p99.push(quantile(timesUs, 0.99));
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
    target: `http://${name}${path}`,
    headers: ['Host', name, 'Accept', '*/*', 'User-Agent', 'bench/1', 'Accept-Encoding', 'gzip'],
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
