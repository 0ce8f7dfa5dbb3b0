import type { Operation } from 'fast-json-patch';
import { IMPACTS, type Impact } from '../model/action.ts';

/**
 * The one table: how hard a difference below this path is on a running bottle. Paths are those of a `BottleSpec`, as
 * the host completes it (`bottle/view.ts`). The longest prefix that ends at a segment decides.
 *
 * `/networks` replaces the agent, since no engine moves a running container to another subnet.
 */
const TABLE: { readonly [prefix: string]: Impact } = {
  '/label': 'none',
  '/color': 'none',
  '/description': 'none',
  '/diskBytes': 'none',
  '/egress/routes': 'reload',
  '/egress/dlp': 'reload',
  '/allowlist': 'reload',
  '/deny': 'reload',
  '/pipelock': 'reload',
  '/upstream': 'reload',
  '/secrets': 'reload',
  '/supervise': 'reload',
  '/budgets': 'reload',
  '/gitGate/repos': 'reload',
  '/sidecars/image': 'restart-sidecar',
  '/sidecars/user': 'restart-sidecar',
  '/sidecars/state': 'restart-sidecar',
  '/sidecars/pipelock': 'restart-sidecar',
  '/provider': 'replace-agent',
  '/image': 'replace-agent',
  '/env': 'replace-agent',
  '/prompt': 'replace-agent',
  '/skills': 'replace-agent',
  '/gitUser': 'replace-agent',
  '/workspace': 'replace-agent',
  '/resources': 'replace-agent',
  '/runtime': 'replace-agent',
  '/host': 'replace-agent',
  '/networks': 'replace-agent',
  '/backend': 'replace-bottle',
};

/** Row of the table that speaks of `path`; undefined where the table has a gap. */
export function impactRow(path: string): Impact | undefined {
  for (let prefix = path; prefix !== ''; prefix = prefix.slice(0, prefix.lastIndexOf('/'))) {
    const impact = TABLE[prefix];
    if (impact !== undefined) return impact;
  }
  return undefined;
}

/** Impact of one difference. An unknown path is taken as hard on the agent: never as nothing. */
export function impactOf(operation: Operation): Impact {
  return impactRow(operation.path) ?? 'replace-agent';
}

/** The hardest of `impacts`, `none` when there are none. */
export function highestImpact(impacts: readonly Impact[]): Impact {
  const ranks = impacts.map((impact) => IMPACTS.indexOf(impact));
  return IMPACTS[Math.max(0, ...ranks)] ?? 'replace-bottle';
}
