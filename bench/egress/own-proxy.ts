import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EgressRoute, RouteDlp } from '../../src/model/egress-route.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import type { EgressStatus } from '../../src/model/sidecar.ts';
import { ALLOCATOR, NODE_FLAGS } from '../../src/sidecars/bundle/program-list.ts';
import type { Contender, Surroundings } from './contender.ts';
import { startProcess } from './started-process.ts';

/** What a table of the benchmark holds. */
interface MeasuredTable {
  /** All of them; the one for the upstream is the last. */
  readonly routes: number;
  readonly dlp: RouteDlp | null;
}

/** Our egress, as it ships. */
export interface OwnProxy extends Contender {
  /** Puts a table in force, as the controller does. */
  readonly enforce: (table: MeasuredTable) => Promise<void>;
}

/** Starts `program`, the built file of the sidecar. */
export async function startOwnProxy(around: Surroundings, program: string): Promise<OwnProxy> {
  const root = join(around.folder, 'egress');
  const { pid } = startProcess({
    command: process.execPath,
    argv: [...NODE_FLAGS, program],
    env: { ...ALLOCATOR, BB_SIDECAR_ROOT: root, BB_EGRESS_LISTEN: '127.0.0.1:0' },
    defer: around.defer,
  });
  const input = join(root, 'egress/in');
  await mkdir(input, { recursive: true });
  const output = join(root, 'egress/out');
  const { port } = await status(output, () => true);
  if (port === undefined) throw new Error('egress did not say where it listens');
  let generation = 0;
  const enforce = async (table: MeasuredTable): Promise<void> => {
    generation += 1;
    await publish(input, generation, tableOf(generation, table, around));
    await status(output, (now) => now.generation === generation);
  };
  const caPem = await readFile(join(output, 'ca.pem'), 'utf8');
  return { name: 'egress', proxyPort: port, pid, caPem, enforce };
}

async function publish(input: string, generation: number, text: string): Promise<void> {
  const folder = join(input, `gen-${generation}`);
  await mkdir(folder);
  await writeFile(join(folder, 'table.json'), text);
  const secrets = { credential: { version: 'v1', value: 'bench-credential' } };
  await writeFile(join(folder, 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 });
  await symlink(`gen-${generation}`, join(input, 'next'));
  await rename(join(input, 'next'), join(input, 'current'));
}

async function status(
  output: string,
  isAwaited: (status: EgressStatus) => boolean,
): Promise<EgressStatus> {
  const file = join(output, 'status.json');
  for (const endMs = performance.now() + 20_000; performance.now() < endMs; ) {
    if (existsSync(file)) {
      const now: EgressStatus = JSON.parse(await readFile(file, 'utf8'));
      if (now.error !== null) throw new Error(now.error);
      if (isAwaited(now)) return now;
    }
    await delay(5);
  }
  throw new Error(`egress did not report what was awaited in ${dirname(file)}`);
}

function tableOf(
  generation: number,
  { routes: count, dlp }: MeasuredTable,
  { ports, upstreamPem }: Surroundings,
): string {
  const route = (host: string): EgressRoute => ({
    host,
    ports: [...ports],
    matches: [
      { paths: [{ kind: 'prefix', value: '/private/' }], methods: ['PUT'], headers: [] },
      { paths: [{ kind: 'prefix', value: '/' }], methods: [], headers: [] },
    ],
    auth: { scheme: 'Bearer', secret: 'credential' },
    dlp,
    git: { fetch: false },
    addresses: ['127.0.0.1/32'],
    expires: null,
  });
  const others = Array.from({ length: count - 1 }, (_, at) => route(`host-${at}.example.test`));
  const hashed = {
    routes: [...others, route('localhost')],
    allowlist: [],
    upstream: { hosts: { localhost: ['127.0.0.1'] }, trustedCaPem: [upstreamPem] },
    secrets: { credential: 'v1' },
  };
  return JSON.stringify({ generation, bottle: 'bench', hash: fingerprint(hashed), ...hashed });
}
