import type { TreeFile } from '../desired/tree-file.ts';
import { type WithoutErrors, withoutErrors } from '../desired/without-errors.ts';
import type { DesiredBottle, DesiredState } from '../model/desired-state.ts';
import { type Diagnostic, formatDiagnostic } from '../model/diagnostic.ts';
import type { DenyEntry } from '../model/egress-route.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import type { GoodRevision, LoadedRevision, PassPorts } from './pass.ts';
import { tightened } from './tightened.ts';

/** What a bottle stays at while a file that it is made of has an error. */
export interface Isolation {
  readonly revision: Revision;
  /** The error and its place. */
  readonly problem: string;
  /** As it is at that revision, without the denials that hold all the same. */
  readonly bottle: DesiredBottle;
  /** Hosts that newer files without errors deny. */
  readonly denied: readonly string[];
}

/** The commits that bottles may stay at. */
export interface Anchors {
  /** Newest that is valid as a whole. */
  readonly whole: GoodRevision;
  /** What this process worked on last; null when it has just begun. */
  readonly served: GoodRevision | null;
  /** What each bottle was last in force with, by whichever process. */
  readonly applied: { readonly [bottle: BottleName]: AppliedRecord };
}

/**
 * An invalid commit for all but the bottles that its errors are about (`onInvalid: isolate`): those stay exactly as they
 * are, never in a mixture, but for one thing: what files without errors deny holds for them too, since a denial only takes
 * away. Null when that cannot be told for certain: then the commit is not applied at all.
 */
export async function isolateErrors(
  tip: LoadedRevision & { readonly files: ReadonlyMap<string, TreeFile> },
  anchors: Anchors,
  { git, policy, clock }: Pick<PassPorts, 'git' | 'policy' | 'clock'>,
): Promise<GoodRevision | null> {
  const before = await git.readTree(anchors.whole.revision);
  const mended = withoutErrors(tip.files, before, policy, { nowMs: clock.nowMs() });
  return mended === null ? null : mergeIsolated(tip, mended, anchors);
}

/** Pure. */
function mergeIsolated(
  { revision, diagnostics }: LoadedRevision,
  { desired, replaced }: WithoutErrors,
  { whole, served, applied }: Anchors,
): GoodRevision | null {
  const base = served ?? whole;
  const bottles: { [name: BottleName]: DesiredBottle } = {};
  const isolated = new Map<BottleName, Isolation>();
  for (const name of namesIn(desired, base.desired)) {
    const [next, now] = [desired.bottles[name], base.desired.bottles[name]];
    const file = [...(next?.sources ?? []), ...(now?.sources ?? [])].find((path) =>
      replaced.has(path),
    );
    if (file === undefined) {
      if (next !== undefined) bottles[name] = next;
      continue;
    }
    const inForce = applied[name]?.revision;
    // It runs as a commit that is neither of these made it: nobody here knows as what.
    const isKnown = served !== null || inForce === undefined || inForce === whole.revision;
    if (!isKnown || (now === undefined && inForce !== undefined)) return null;
    if (now === undefined) continue;
    const before = base.isolated?.get(name);
    const bottle = before?.bottle ?? now;
    const denials = next?.spec.deny ?? fleetWide(desired);
    const tight = tightened(bottle, denials, next?.origins ?? {});
    bottles[name] = tight;
    const known = new Set(bottle.spec.deny.map(({ host }) => host));
    isolated.set(name, {
      revision: before?.revision ?? base.revision,
      problem: problemIn(file, diagnostics),
      bottle,
      denied: tight.spec.deny.map(({ host }) => host).filter((host) => !known.has(host)),
    });
  }
  const contents = new Map([...base.desired.contents, ...desired.contents]);
  return { revision, desired: { ...desired, bottles, contents }, isolated };
}

/** What `fleet.yaml` denies: every bottle has it. */
function fleetWide({ bottles }: DesiredState): readonly DenyEntry[] {
  const all = Object.values(bottles).flatMap(({ spec }) => spec.deny);
  const own = all.filter(({ file }) => file === 'fleet.yaml');
  return [...new Map(own.map((entry) => [entry.host, entry])).values()];
}

function namesIn(...states: readonly DesiredState[]): readonly BottleName[] {
  const names = states.flatMap(({ bottles }) => Object.values(bottles).map(({ name }) => name));
  return [...new Set(names)].sort();
}

function problemIn(file: string, diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const own = errors.find((each) => each.file === file) ?? errors[0];
  return own === undefined ? `${file} has an error` : formatDiagnostic(own);
}
