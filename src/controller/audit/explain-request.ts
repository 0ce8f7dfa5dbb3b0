import type { TreeFile } from '../../desired/tree-file.ts';
import type { Clock } from '../../model/clock.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';
import { didYouMean } from '../../model/did-you-mean.ts';
import type { HostPolicy } from '../../model/host-policy.ts';
import { type BottleName, parseBottleName, type Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { EgressStatus } from '../../model/sidecar.ts';
import type { EgressRequest } from '../../sidecars/egress/decide.ts';
import type { Answer, Refusal } from '../api.ts';
import type { FleetStore } from '../ports/fleet-store.ts';
import type { Git } from '../ports/git.ts';
import type { SidecarFiles } from '../ports/sidecar-files.ts';
import { askedRequest } from './asked-request.ts';
import { bottlesAt } from './bottles-at.ts';
import type { Explanation } from './explanation.ts';
import { type Judgement, judgeRequest, type Rules } from './judge-request.ts';
import { asksFor, type RuleSource, traceRule } from './trace-rule.ts';

export interface WhyPorts {
  readonly git: Git;
  readonly policy: HostPolicy;
  readonly clock: Clock;
  readonly files: Pick<SidecarFiles, 'read'>;
  readonly store: Pick<FleetStore, 'readApplied' | 'readAppliedRevision'>;
  /** Absent: errors hold back everything. */
  readonly onInvalid?: 'reject' | 'isolate';
  /** Ids of the proposals of a bottle for a host that wait. */
  readonly waiting: (bottle: BottleName, host: string) => Promise<readonly string[]>;
}

export interface WhyQuestion {
  readonly bottle: string;
  /** A host, a host with a path, or a URL. */
  readonly target: string;
  readonly method: string;
}

/** Whether a request is allowed now, by the table that egress reports, and which line of which commit says so. */
export async function explainRequest(
  { bottle, target, method }: WhyQuestion,
  tip: Revision,
  ports: WhyPorts,
): Promise<Answer<Explanation>> {
  const asked = askedRequest(target, method.toUpperCase());
  if (!asked.ok) return refuse('bad-request', sanitizeLine(asked.problem), TARGET_HINT);
  const { request } = asked;
  const slug = parseBottleName(bottle);
  const [atTip, reported] = await Promise.all([
    loadAt(tip, ports),
    slug === undefined ? null : ports.files.read(slug),
  ]);
  const wanted = slug === undefined ? undefined : atTip.bottles[slug];
  const live = reported?.egress ?? null;
  if (slug === undefined || (wanted === undefined && live === null)) {
    return unknownBottle(bottle, Object.keys(atTip.bottles));
  }
  const nowMs = ports.clock.nowMs();
  const desired = wanted === undefined ? null : judgeRequest(rulesOfBottle(wanted), request, nowMs);
  const judged = live === null ? desired : judgeRequest(rulesReported(slug, live), request, nowMs);
  if (judged === null) return unknownBottle(bottle, Object.keys(atTip.bottles));
  const source = wanted && { revision: tip, files: atTip.files, bottle: wanted };
  const lines = await linesOf(judged, slug, source ?? null, ports);
  const isAhead = desired !== null && desired.isAllowed !== judged.isAllowed;
  const { host } = request.authority;
  const waiting = judged.isAllowed ? [] : await ports.waiting(slug, host);
  const { isAllowed, reason, by } = judged;
  return {
    ok: true,
    value: {
      bottle: slug,
      method: request.method,
      url: urlOf(request),
      isAllowed,
      reason,
      basis: live === null ? 'desired' : 'live',
      loadedAt: live?.loadedAt ?? null,
      rule: by === null ? null : `${by.kind} ${by.rule.host}`,
      expires: by === null || by.kind === 'deny' ? null : by.rule.expires,
      lines,
      tip: isAhead ? { revision: tip, isAllowed: desired.isAllowed } : null,
      waiting,
      remedy: isAllowed ? null : remedyFor(slug, request, { by, isAhead, waiting }),
    },
  };
}

const TARGET_HINT = 'ask for api.example.com, api.example.com/v1/x or a whole URL, as it is sent';

interface LoadedFiles {
  readonly files: ReadonlyMap<string, TreeFile>;
  readonly bottles: { readonly [name: BottleName]: DesiredBottle };
}

/** What of a commit is not applied, since it is not valid, asks for nothing. */
async function loadAt(revision: Revision, ports: WhyPorts): Promise<LoadedFiles> {
  const { store, onInvalid } = ports;
  const whole = async () => (onInvalid === 'isolate' ? store.readAppliedRevision() : null);
  const bottles = await bottlesAt(revision, { ...ports, whole });
  return { files: await ports.git.readTree(revision), bottles };
}

/** The tip serves where it has the rule; else the commit that the bottle was last brought to. */
async function linesOf(
  { by }: Judgement,
  slug: BottleName,
  tip: RuleSource | null,
  ports: WhyPorts,
): Promise<Explanation['lines']> {
  if (by === null) return [];
  if (tip !== null && asksFor(tip, by)) return traceRule(by, tip, ports.git);
  const applied = (await ports.store.readApplied())[slug]?.revision;
  const here = applied === undefined ? null : await ports.git.resolveRevision(applied);
  if (here === null) return [];
  const { files, bottles } = await loadAt(here, ports);
  const bottle = bottles[slug];
  const source = bottle && { revision: here, files, bottle };
  return source !== undefined && asksFor(source, by) ? traceRule(by, source, ports.git) : [];
}

function rulesReported(bottle: BottleName, live: EgressStatus): Rules | null {
  const { tableHash, routes, allowlist, deny = [], secrets } = live;
  if (tableHash === null) return null;
  return { bottle, routes, allowlist, deny, secrets: Object.keys(secrets) };
}

/** A commit cannot say which secrets have a value on the host: they are taken to have one. */
function rulesOfBottle({ name, spec }: DesiredBottle): Rules {
  const { routes } = spec.egress;
  const secrets = routes.flatMap(({ auth }) => (auth === null ? [] : [auth.secret]));
  const { allowlist, deny } = spec;
  return { bottle: name, routes, allowlist, deny, secrets: [...new Set(secrets)] };
}

function remedyFor(
  slug: BottleName,
  { authority: { host } }: EgressRequest,
  state: Pick<Judgement, 'by'> & {
    readonly isAhead: boolean;
    readonly waiting: readonly string[];
  },
): string {
  const [id] = state.waiting;
  if (state.isAhead) return 'the tip of the branch allows it: bb status tells what it waits for';
  if (state.by?.kind === 'deny') {
    return `take ${state.by.rule.host} out of the deny list of ${state.by.rule.file} and commit: no approval goes over it`;
  }
  if (id !== undefined) return `a proposal for it waits: bb show ${id}, then bb approve ${id}`;
  return `add ${host} to routes/${slug}.yaml or allowlists/${slug}.yaml and commit, or let the agent ask with egress-block`;
}

function urlOf({ scheme, authority: { host, port }, path, query }: EgressRequest): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const isDefault = port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${name}${isDefault ? '' : `:${port}`}${path}${query}`;
}

function unknownBottle(raw: string, names: readonly string[]): Answer<never> {
  const near = didYouMean(raw, names);
  const hint =
    near === undefined ? 'bb list active shows what there is' : `did you mean "${near}"?`;
  return refuse('not-found', `there is no bottle "${sanitizeLine(raw, 60)}"`, hint);
}

function refuse(kind: Refusal['kind'], message: string, hint: string): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
