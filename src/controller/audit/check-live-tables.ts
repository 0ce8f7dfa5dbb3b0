import { closing } from '../../desired/reopened.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import type { BottleName, Revision } from '../../model/names.ts';
import type { EgressStatus } from '../../model/sidecar.ts';
import { describeGrants, grantsOf } from '../../supervise/grant.ts';
import type { SidecarFiles } from '../ports/sidecar-files.ts';
import { type AuditCheck, type AuditFinding, checked } from './verdict.ts';

export interface LiveTablePorts {
  readonly files: Pick<SidecarFiles, 'read' | 'list'>;
  /** The bottles that a commit asks for; none for one that is not here or not valid. */
  readonly bottlesAt: (
    revision: Revision,
  ) => Promise<{ readonly [name: BottleName]: DesiredBottle }>;
}

/** Whether everything that the egress of each bottle reports is asked for by the tip, or by what it was brought to. */
export async function checkLiveTables(
  tip: Revision,
  applied: { readonly [bottle: BottleName]: { readonly revision: Revision } },
  { files, bottlesAt }: LiveTablePorts,
): Promise<AuditCheck> {
  const atTip = await bottlesAt(tip);
  const names = new Set([...Object.keys(atTip), ...(await files.list())] as BottleName[]);
  const findings: AuditFinding[] = [];
  let lines = 0;
  let tables = 0;
  for (const name of [...names].sort()) {
    const { egress } = await files.read(name);
    if (egress === null || egress.tableHash === null) continue;
    tables += 1;
    lines += egress.routes.length + egress.allowlist.length;
    const wanted = atTip[name];
    const isAsked = wanted !== undefined && unasked(egress, [wanted]).length === 0;
    if (isAsked && lostDenials(egress, [wanted]).length === 0) continue;
    const revision = applied[name]?.revision;
    const before = revision === undefined ? undefined : (await bottlesAt(revision))[name];
    const known = [wanted, before].filter((each) => each !== undefined);
    findings.push(...unasked(egress, known).map((line) => unaccounted(name, line)));
    findings.push(...lostDenials(egress, known).map((host) => lost(name, host)));
  }
  if (tables === 0) {
    const detail = 'no egress of this host reports a table';
    return { name: 'live tables', state: 'skipped', detail, findings: [] };
  }
  return checked('live tables', `${lines} lines of ${tables} bottles`, findings);
}

/** Hosts that each of these denies and the live table does not. */
function lostDenials(
  { deny = [] }: Pick<EgressStatus, 'deny'>,
  wanted: readonly DesiredBottle[],
): readonly string[] {
  const live = new Set(deny.map(({ host }) => host));
  const [first, ...others] = wanted.map(({ spec }) => spec.deny.map(({ host }) => host));
  return (first ?? []).filter(
    (host) => !live.has(host) && others.every((hosts) => hosts.includes(host)),
  );
}

/** The lines of a live table that none of these asks for, in words. */
function unasked(
  { routes, allowlist }: Pick<EgressStatus, 'routes' | 'allowlist'>,
  wanted: readonly DesiredBottle[],
): readonly string[] {
  const specs = wanted.map(({ spec }) => spec);
  const written = specs.flatMap(({ egress }) => egress.routes);
  const ending = written.filter(({ expires }) => expires !== null);
  const known = new Set([
    ...[...written, ...ending.map(closing)].map((rule) => fingerprint(rule)),
    ...specs.flatMap((spec) => spec.allowlist).map((rule) => fingerprint(rule)),
  ]);
  const strange = <Rule extends EgressStatus['routes'][number] | EgressStatus['allowlist'][number]>(
    rules: readonly Rule[],
  ) => rules.filter((rule) => !known.has(fingerprint(rule)));
  return [
    ...strange(routes).map((route) =>
      inWords('route', { egress: { routes: [route] }, allowlist: [] }),
    ),
    ...strange(allowlist).map((entry) =>
      inWords('allowlist', { egress: { routes: [] }, allowlist: [entry] }),
    ),
  ];
}

function inWords(kind: string, rules: Parameters<typeof grantsOf>[0]): string {
  return `${kind}: ${describeGrants(grantsOf(rules)).join('; ')}`;
}

function unaccounted(bottle: BottleName, line: string): AuditFinding {
  return {
    kind: 'line-without-commit',
    about: `${bottle} ${line}`,
    message: `${bottle} enforces what no commit asks for (${line})`,
    hint: 'bb reconcile puts the committed table back; then find out who wrote to the state directory',
  };
}

function lost(bottle: BottleName, host: string): AuditFinding {
  return {
    kind: 'denial-not-enforced',
    about: `${bottle} deny: ${host}`,
    message: `${bottle} does not enforce that ${host} is denied, which its commit asks for`,
    hint: 'bb reconcile puts the committed table back; then find out who wrote to the state directory',
  };
}
