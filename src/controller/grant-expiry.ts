import { endGrants, UneditableText } from '../desired/edit.ts';
import { type ExpiringGrant, expiringGrants } from '../desired/expiring-grants.ts';
import { loadDesiredState } from '../desired/load.ts';
import { reopened } from '../desired/reopened.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import type { BottleSpec } from '../model/bottle-spec.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
import { parseHost } from '../model/host-name.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import { parseBottleName, type Revision } from '../model/names.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { Answer, Refusal } from './api.ts';
import { commitChanges } from './commit-changes.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { desiredAt, resolveTip } from './pass.ts';
import type { CommitRequest, Git } from './ports/git.ts';

export interface ExpiryPorts {
  readonly git: Git;
  readonly policy: HostPolicy;
  readonly clock: Clock;
  readonly journal: FleetJournal;
}

/**
 * Commits the removal of grants whose end has come, one commit for each file. Egress cuts them at the very instant by
 * itself; this is what makes history and files say so too. All that it knows is in the commit, so a restart, a second
 * controller and a clock that jumped find the same to do, and what was removed is not there to be removed again. A
 * route whose removal would open its host stays where it is, and closes it: time alone never opens more.
 */
export class GrantExpiry {
  readonly #ports: ExpiryPorts;
  #known: { readonly tip: Revision; readonly grants: readonly ExpiringGrant[] } | null = null;
  /** What could not be removed and why, so that it is told once. */
  readonly #told = new Set<string>();
  /** By path: at which commit what was due could not be removed. */
  readonly #left = new Map<string, string>();

  constructor(ports: ExpiryPorts) {
    this.#ports = ports;
  }

  /** How long until the next grant of the newest commit ends, or null. */
  untilNextEndMs(): number | null {
    const nowMs = this.#ports.clock.nowMs();
    // An end that is over was tried already: what could not be committed is left to the resync.
    const waits = (this.#known?.grants ?? [])
      .map(({ endsAtMs }) => endsAtMs - nowMs)
      .filter((waitMs) => waitMs > 0);
    return waits.length === 0 ? null : Math.min(...waits);
  }

  /** Part of every look at the fleet. What cannot be removed is told, and tried again by a later look. */
  async endDue(): Promise<void> {
    const { git, clock } = this.#ports;
    const resolved = await resolveTip(git);
    if ('refusal' in resolved) return;
    const tip = resolved.revision;
    if (this.#known?.tip !== tip) {
      this.#known = { tip, grants: expiringGrants(await git.readTree(tip)) };
    }
    const due = this.#known.grants.filter(({ endsAtMs }) => endsAtMs <= clock.nowMs());
    for (const [path, grants] of Map.groupBy(due, (grant) => grant.path)) {
      await this.#end(path, tip, `${tip} ${path} ${grants.length}`);
    }
  }

  /** What a commit itself keeps from being removed is not looked at again until there is another one. */
  async #end(path: string, tip: Revision, attempt: string): Promise<void> {
    const { git, journal } = this.#ports;
    if (this.#left.get(path) === attempt) return;
    const committed = await commitChanges(git, (now) => this.#removalAt(now, path));
    if (committed.ok) {
      const { subject, revision } = committed.value;
      const severity = 'info';
      const bottle = null;
      const reason = 'GrantExpired';
      return journal.record({ severity, bottle, reason, message: subject, revision });
    }
    const { kind, message } = committed.refusal;
    if (kind === 'conflict' || kind === 'invalid') this.#left.set(path, attempt);
    const key = `${path} ${message}`;
    if (kind === 'not-found' || this.#told.has(key)) return;
    this.#told.add(key);
    await journal.record({
      severity: 'warning',
      bottle: null,
      reason: 'ExpiryNotCommitted',
      message: `${path} keeps grants that have ended and are not in force any more: ${message}`,
      revision: tip,
    });
  }

  async #removalAt(tip: Revision, path: string): Promise<Answer<Omit<CommitRequest, 'parent'>>> {
    const { git, clock } = this.#ports;
    const files = await git.readTree(tip);
    const nowMs = clock.nowMs();
    const due = expiringGrants(files).filter(
      (grant) => grant.path === path && grant.endsAtMs <= nowMs,
    );
    const [first] = due;
    const file = files.get(path);
    if (first === undefined || file === undefined) return refuse('not-found', 'nothing is due');
    const { desired } = await desiredAt(tip, this.#ports);
    if (desired === null) return refuse('invalid', `commit ${tip.slice(0, 12)} is not valid`);
    if (desired.fleet.suspend) return refuse('conflict', 'the fleet is suspended');
    try {
      const written = new TextDecoder().decode(file.bytes);
      const without = endGrants(first.kind, written, nowMs);
      const openers = this.#openersIn(desired, new Map(files).set(path, fileOf(without)));
      const keeps = (host: string) => openers.has(normalized(host));
      const ended = due.filter(({ host }) => !keeps(host));
      if (ended.length === 0) return refuse('conflict', wordsOf(openers));
      const text = endGrants(first.kind, written, nowMs, keeps);
      const bottle = parseBottleName(first.set);
      const message = commitMessage({
        kind: 'expire',
        path,
        bottle: bottle !== undefined && desired.bottles[bottle] !== undefined ? bottle : null,
        grants: ended.map(({ host, endsAtMs }) => ({
          host,
          endedAt: new Date(endsAtMs).toISOString(),
        })),
      });
      return {
        ok: true,
        value: { changes: new Map([[`${git.folder}/${path}`, text]]), ...message },
      };
    } catch (error) {
      if (!(error instanceof UneditableText)) throw error;
      return refuse('conflict', error.message);
    }
  }

  /** Hosts that would be open without what has ended, and by which line. */
  #openersIn(
    before: DesiredState,
    files: ReadonlyMap<string, TreeFile>,
  ): ReadonlyMap<string, string> {
    const { policy, clock } = this.#ports;
    const { desired } = loadDesiredState(files, policy, { nowMs: clock.nowMs() });
    const after = desired?.bottles ?? {};
    return new Map(
      Object.values(before.bottles).flatMap(({ name, spec }) => {
        const next = after[name];
        if (next === undefined) return [];
        return reopened(reachOf(spec), reachOf(next.spec)).map(({ host, by }) => {
          const origin = next.origins[by];
          return [host, origin === undefined ? by : `${origin.file}:${origin.line}`] as const;
        });
      }),
    );
  }
}

function reachOf({ egress, allowlist }: BottleSpec) {
  return { routes: egress.routes, allowlist };
}

function wordsOf(openers: ReadonlyMap<string, string>): string {
  const each = [...openers].map(([host, line]) => `${line} would open ${host}`);
  return `${each.join(', ')}: take one of them out by hand`;
}

function fileOf(text: string): TreeFile {
  return { mode: '100644', bytes: new TextEncoder().encode(text) };
}

/** As resolved routes have it. */
function normalized(host: string): string {
  const parsed = parseHost(host, { wildcard: true });
  return parsed.ok ? parsed.host : host;
}

function refuse(kind: Refusal['kind'], message: string): Answer<never> {
  return { ok: false, refusal: { kind, message, hint: null, diagnostics: [] } };
}
