import { randomUUID } from 'node:crypto';
import { EGRESS_PORT, type EgressStatus, type UpstreamProxy } from '../../model/sidecar.ts';
import { InputFolder } from '../input-folder.ts';
import { jsonLog, withLimit } from '../json-log.ts';
import { listenEndpoint } from '../listen-endpoint.ts';
import { sidecarFolders } from '../sidecar-root.ts';
import { StatusReport } from '../status-report.ts';
import { ensureCertificateAuthority } from './certificate-authority.ts';
import { DlpInspection } from './dlp/dlp-inspection.ts';
import { OperatorRelease } from './dlp/operator-release.ts';
import { EgressProxy } from './egress-proxy.ts';
import { EnforcedTable } from './enforced-table.ts';
import { LeafCertificates } from './leaf-certificates.ts';
import { LIMITS } from './limits.ts';

// The egress sidecar: `BB_SIDECAR_ROOT` moves its folders, `BB_EGRESS_LISTEN` (`host:port` or `fd:<n>`) its listener;
// port 0 takes a free one and says so in the status.

const DENIALS_LOGGED_PER_SECOND = 50;
/** A timer does not notice that the clock is set. */
const LOOK_AGAIN_MS = 60_000;
const folders = sidecarFolders(process.env);
const log = jsonLog('egress');
const instance = randomUUID();
const startedAt = new Date().toISOString();
const status = new StatusReport(folders.egressOut, (cause) => log('not reported', { cause }));

const authority = ensureCertificateAuthority(folders.egressState, folders.egressOut, Date.now());
const denials = withLimit(log, DENIALS_LOGGED_PER_SECOND);
const secondGate = gateEndpoint(process.env['BB_UPSTREAM_PROXY']);
const table = new EnforcedTable(secondGate !== null);
const release = new OperatorRelease({
  queueFolder: folders.queue,
  superviseIn: folders.superviseIn,
});
const proxy = new EgressProxy({
  table,
  leaves: new LeafCertificates(authority),
  log: denials,
  now: Date.now,
  limits: LIMITS,
  inspection: new DlpInspection({ held: release, log: denials }),
  secondGate,
});
const port = await proxy.listen(listenEndpoint(process.env['BB_EGRESS_LISTEN'], EGRESS_PORT));

let expiry: NodeJS.Timeout | undefined;
let reported: EgressStatus['state'] | undefined;
const input = new InputFolder({
  folder: folders.egressIn,
  onGeneration: (read) => {
    const changed = table.load(read, new Date().toISOString());
    if (changed) applyTable();
    report();
    const { generation, error } = table.status(Date.now());
    log(changed ? 'table loaded' : 'table refused', { generation, error });
  },
});
input.start();
if (table.current === null) report();

process.on('SIGHUP', () => input.check(true));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

/** Where the bundle says that pipelock listens. */
function gateEndpoint(raw: string | undefined): UpstreamProxy | null {
  const endpoint = raw === undefined ? null : listenEndpoint(raw, 0);
  return endpoint === null || 'fd' in endpoint ? null : endpoint;
}

function applyTable(): void {
  const cut = proxy.applyTable();
  if (cut > 0) log('requests cut', { count: cut });
  armExpiry();
}

/** Time tightens the table too. */
function armExpiry(): void {
  clearTimeout(expiry);
  const nowMs = Date.now();
  const next = table.nextExpiryMs(nowMs);
  if (next !== null) expiry = setTimeout(tighten, Math.min(next - nowMs, LOOK_AGAIN_MS) + 1);
}

/** What has ended is told as soon as nothing else is left. */
function tighten(): void {
  applyTable();
  if (table.status(Date.now()).state !== reported) report();
}

function report(): void {
  const now: EgressStatus = {
    sidecar: 'egress',
    instance,
    startedAt,
    ...table.status(Date.now()),
    caPem: authority.certPem,
    port,
  };
  reported = now.state;
  status.tell(now);
}

function stop(): void {
  input.stop();
  proxy.close();
  release.close();
  process.exit(0);
}
