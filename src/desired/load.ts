import type { DesiredState } from '../model/desired-state.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import { checkBottles } from './bottle-checks.ts';
import { type Instance, listInstances } from './instances.ts';
import { checkExtends } from './linearise.ts';
import { checkSetReferences, resolveSets } from './network-sets.ts';
import { resolvePolicies } from './policies.ts';
import { Problems, quote } from './problems.ts';
import { ReferencedFiles } from './referenced-files.ts';
import { resolveAgent } from './resolve-agent.ts';
import { resolveFleet } from './resolve-fleet.ts';
import type { TreeFile } from './tree-file.ts';
import { readLayout, type TreeLayout } from './tree-layout.ts';
import type { Trust } from './trust.ts';
import { readWrittenTree, type WrittenTree } from './written-tree.ts';

/** `desired` is null exactly when a diagnostic is an error: a commit is applied whole or not at all. */
export interface LoadedState {
  readonly desired: DesiredState | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Resolves the files of a commit, all problems at once. Paths are relative to the desired-state folder. Pure and
 * synchronous; never throws, whatever the bytes.
 *
 * layout → written → (references, sets, instances) → resolved
 */
export function loadDesiredState(
  files: ReadonlyMap<string, TreeFile>,
  host: HostPolicy,
  options: { readonly nowMs: number },
): LoadedState {
  const problems = new Problems();
  const layout = readLayout(files, problems);
  const desired =
    layout === null ? null : resolveLayout(files, layout, { host, nowMs: options.nowMs }, problems);
  return { desired: problems.errorCount > 0 ? null : desired, diagnostics: problems.list() };
}

function resolveLayout(
  all: ReadonlyMap<string, TreeFile>,
  layout: TreeLayout,
  trust: Trust,
  problems: Problems,
): DesiredState {
  const tree = readWrittenTree(layout, problems);
  const instances = listInstances(tree.agents, problems);
  checkExtends(tree.bottles, problems);
  checkBottles(tree, { trust, files: new ReferencedFiles(all, layout.files, problems) }, problems);
  checkSetReferences(tree, new Set<string>(instances.keys()), problems);
  checkDefaultBottle(tree, problems);

  // Without a readable fleet.yaml nothing is applied, but the agents are still checked.
  const fleet = resolveFleet(tree.fleet?.value ?? { name: 'unreadable' });
  const sets = resolveSets(tree, trust, problems);
  const referenced = new ReferencedFiles(all, layout.files, problems);
  const byAgent = Map.groupBy(instances.values(), (instance: Instance) => instance.agent as string);
  const bottles = [...tree.agents.values()].flatMap((agent) =>
    agent === null
      ? []
      : resolveAgent(agent, byAgent.get(agent.name) ?? [], {
          tree,
          fleet,
          sets,
          files: referenced,
          trust,
          problems,
        }),
  );
  return {
    fleet: fleet.settings,
    bottles: Object.fromEntries(bottles.map((bottle) => [bottle.name, bottle])),
    policies: resolvePolicies(tree.policies, problems),
    contents: referenced.contents,
  };
}

function checkDefaultBottle({ fleet, bottles }: WrittenTree, problems: Problems): void {
  const name = fleet?.value.defaults?.bottle;
  if (fleet === null || name === undefined || bottles.has(name)) return;
  const meant = didYouMean(name, bottles.keys());
  const hint = meant === undefined ? `write bottles/${name}.yaml` : `did you mean "${meant}"?`;
  const at = fleet.locate.value(['defaults', 'bottle']);
  problems.error({
    code: 'unknown-reference',
    message: `there is no bottle ${quote(name)}`,
    hint,
    file: fleet.path,
    at,
  });
}
