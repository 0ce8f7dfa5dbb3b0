import type { Clock } from '../model/clock.ts';
import type { BottleName, Fingerprint } from '../model/names.ts';
import type { SidecarStatuses } from '../model/sidecar.ts';
import { StepFailed } from './failure.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';
import type { StatusHints } from './status-hints.ts';

export interface AwaitedInputs {
  readonly tableHash: Fingerprint;
  readonly settingsHash: Fingerprint;
  /** Instances of processes that were replaced: what they reported last is not believed. */
  readonly former: readonly string[];
}

/** Long enough for a loaded machine to start a process, short enough that an agent's tool call survives it. */
const LIMIT_MS = 20_000;
/** A lost file event costs this much, never more. */
const RECHECK_MS = 250;

/**
 * Waits until the sidecars themselves report these inputs in force, and returns what they reported.
 *
 * Throws `StepFailed`: at once when a sidecar refuses the files it was given, else after 20 seconds.
 */
export async function awaitSidecars(
  bottle: BottleName,
  awaited: AwaitedInputs,
  ports: { readonly files: SidecarFiles; readonly hints: StatusHints; readonly clock: Clock },
): Promise<SidecarStatuses> {
  const deadlineMs = ports.clock.elapsedMs() + LIMIT_MS;
  for (;;) {
    const changed = ports.hints.next(bottle);
    const statuses = await ports.files.read(bottle);
    const verdict = judgeSidecars(statuses, awaited);
    if (verdict.kind === 'in-force') return statuses;
    if (verdict.kind === 'refused') {
      throw new StepFailed({
        kind: 'terminal',
        message: `the sidecars refused the new table: ${verdict.reason}`,
        hint: 'the table before it stays in force; change the commit',
      });
    }
    const leftMs = deadlineMs - ports.clock.elapsedMs();
    if (leftMs <= 0) {
      throw new StepFailed({
        kind: 'transient',
        message: `the sidecars did not report the new table within ${LIMIT_MS / 1000} s: ${verdict.reason}`,
        hint: `see bb logs ${bottle} sidecars`,
      });
    }
    await Promise.race([changed, ports.clock.sleep(Math.min(RECHECK_MS, leftMs))]);
  }
}

type SidecarVerdict =
  | { readonly kind: 'in-force' }
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Compares what the sidecars report with what they were given. Pure. */
export function judgeSidecars(statuses: SidecarStatuses, awaited: AwaitedInputs): SidecarVerdict {
  const { egress, supervise, bundle } = statuses;
  const isFormer = [egress, supervise].some(
    (status) => status !== null && awaited.former.includes(status.instance),
  );
  if (isFormer) return { kind: 'waiting', reason: 'the new sidecars have not reported yet' };
  if (egress === null) return { kind: 'waiting', reason: 'egress has not reported yet' };
  if (egress.tableHash !== awaited.tableHash) {
    return egress.error !== null &&
      egress.refusedGeneration !== null &&
      egress.refusedGeneration > egress.generation
      ? { kind: 'refused', reason: egress.error }
      : { kind: 'waiting', reason: 'egress still enforces the table before' };
  }
  if (egress.pipelockConfig !== undefined) {
    const pipelock = bundle?.pipelock;
    if (pipelock?.configHash !== egress.pipelockConfig || pipelock.state !== 'ready') {
      const reason = pipelock?.error ?? null;
      return reason === null
        ? { kind: 'waiting', reason: 'pipelock does not enforce the new configuration yet' }
        : { kind: 'refused', reason: `pipelock: ${reason}` };
    }
  }
  if (supervise === null) return { kind: 'waiting', reason: 'supervise has not reported yet' };
  if (supervise.settingsHash !== awaited.settingsHash) {
    return supervise.error !== null
      ? { kind: 'refused', reason: supervise.error }
      : { kind: 'waiting', reason: 'supervise still has the settings before' };
  }
  return { kind: 'in-force' };
}
