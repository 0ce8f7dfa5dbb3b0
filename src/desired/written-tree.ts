import type { z } from 'zod';
import { BOTTLE_KEYS } from './belongs-in.ts';
import type { Problems } from './problems.ts';
import { agentSchema, type WrittenAgent } from './schema/agent.ts';
import { allowlistSchema, type WrittenAllowlist } from './schema/allowlist.ts';
import { bottleSchema, type WrittenBottle } from './schema/bottle.ts';
import { fleetSchema, type WrittenFleet } from './schema/fleet.ts';
import { policySchema, type WrittenPolicy } from './schema/policy.ts';
import { routesSchema, type WrittenRoutes } from './schema/route.ts';
import type { ShapeProblem } from './shape.ts';
import type { TreeFile } from './tree-file.ts';
import type { KindFolder, TreeLayout } from './tree-layout.ts';
import { type Reading, readWritten, type WrittenFile } from './written-file.ts';

/** Files of one kind by name; null where a file is there but cannot be read, so that references to it still hold. */
export type Named<Written> = ReadonlyMap<string, WrittenFile<Written> | null>;

/** A commit as written: every file read, nothing resolved. */
export interface WrittenTree {
  readonly fleet: WrittenFile<WrittenFleet> | null;
  readonly agents: Named<WrittenAgent>;
  readonly bottles: Named<WrittenBottle>;
  readonly allowlists: Named<WrittenAllowlist>;
  readonly routes: Named<WrittenRoutes>;
  readonly policies: Named<WrittenPolicy>;
  readonly files: ReadonlyMap<string, TreeFile>;
}

/** Reads every file of the kinds, reporting all that is wrong with each by itself. */
export function readWrittenTree(layout: TreeLayout, problems: Problems): WrittenTree {
  const read = <Schema extends z.ZodType>(folder: KindFolder, schema: Schema, reading?: Reading) =>
    new Map(
      layout.kinds[folder].map((source) => [
        source.name,
        readWritten(source, schema, problems, reading),
      ]),
    );

  return {
    fleet: layout.fleet === null ? null : readWritten(layout.fleet, fleetSchema, problems, FLEET),
    agents: read('agents', agentSchema, AGENT),
    bottles: read('bottles', bottleSchema),
    allowlists: read('allowlists', allowlistSchema, ALLOWLIST),
    routes: read('routes', routesSchema, ROUTES),
    policies: read('policies', policySchema),
    files: layout.files,
  };
}

const FLEET: Reading = { standIns: { name: () => 'unreadable' } };

const AGENT: Reading = {
  explain: explainAgentKey,
  standIns: { provider: () => ({ command: ['unreadable'] }), instances: () => [] },
};

/** Entries that cannot be read keep their place, so that those after them are positioned rightly. */
const ROUTES: Reading = {
  standIns: { routes: (value) => readableItems(value, routesSchema.shape.routes.element) },
};

const ALLOWLIST: Reading = {
  standIns: { hosts: (value) => readableItems(value, allowlistSchema.shape.hosts.element) },
};

function readableItems(value: unknown, schema: z.ZodType): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  return value.map((item, index) =>
    schema.safeParse(item).success ? item : { host: `unreadable-${index}.invalid` },
  );
}

/** `gitGate` and the like shape the sandbox: an agent gets them from its bottles. */
function explainAgentKey(problem: ShapeProblem): string | undefined {
  const key = problem.path[0];
  const isBottleKey = problem.code === 'unknown-key' && problem.path.length === 1;
  return isBottleKey && BOTTLE_KEYS.has(String(key))
    ? `${key} belongs in bottles/<name>.yaml`
    : undefined;
}
