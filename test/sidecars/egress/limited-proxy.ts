import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCertificateAuthority } from '../../../src/sidecars/egress/certificate-authority.ts';
import { EgressProxy } from '../../../src/sidecars/egress/egress-proxy.ts';
import { EnforcedTable } from '../../../src/sidecars/egress/enforced-table.ts';
import type { Inspection } from '../../../src/sidecars/egress/inspection.ts';
import { LeafCertificates } from '../../../src/sidecars/egress/leaf-certificates.ts';
import { LIMITS, type Limits } from '../../../src/sidecars/egress/limits.ts';
import type { Lookup } from '../../../src/sidecars/egress/resolver.ts';
import type { ProxyAddress } from './agent-client.ts';
import { renderTable, type TableParts } from './harness.ts';

/** The proxy in this process, with limits and a clock of the test's choosing. */
export interface LimitedProxy extends ProxyAddress, Disposable {
  /** What it logged, newest last. */
  readonly logged: readonly string[];
}

export async function startLimitedProxy(
  parts: TableParts,
  limits: Partial<Limits>,
  now: () => number = Date.now,
  inspection: Inspection | null = null,
  lookup?: Lookup,
): Promise<LimitedProxy> {
  const root = mkdtempSync(join(tmpdir(), 'bb-egress-'));
  const authority = ensureCertificateAuthority(join(root, 'state'), root, now());
  const table = new EnforcedTable();
  const { table: rendered, secrets } = renderTable(1, parts);
  const files: { readonly [name: string]: object } = {
    'table.json': rendered,
    'secrets.json': secrets,
  };
  table.load((name) => JSON.stringify(files[name]), new Date(now()).toISOString());
  const logged: string[] = [];
  const proxy = new EgressProxy({
    table,
    leaves: new LeafCertificates(authority),
    log: (message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`),
    now,
    limits: { ...LIMITS, ...limits },
    inspection,
    ...(lookup === undefined ? {} : { lookup }),
  });
  proxy.applyTable();
  const port = await proxy.listen({ host: '127.0.0.1', port: 0 });
  return {
    port,
    caFile: join(root, 'ca.pem'),
    logged,
    [Symbol.dispose]: () => {
      proxy.close();
      rmSync(root, { recursive: true });
    },
  };
}
