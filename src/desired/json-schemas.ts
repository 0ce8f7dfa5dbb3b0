import { z } from 'zod';
import { agentSchema } from './schema/agent.ts';
import { allowlistSchema } from './schema/allowlist.ts';
import { bottleSchema } from './schema/bottle.ts';
import { fleetSchema } from './schema/fleet.ts';
import { policySchema } from './schema/policy.ts';
import { routesSchema } from './schema/route.ts';

const KINDS: { readonly [kind: string]: z.ZodType } = {
  fleet: fleetSchema,
  agents: agentSchema,
  bottles: bottleSchema,
  allowlists: allowlistSchema,
  routes: routesSchema,
  policies: policySchema,
};

/** File name → text of the JSON Schema of every kind, for editors; `schemas/` holds them. */
export function jsonSchemas(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(KINDS).map(([kind, schema]) => {
      const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
      return [`${kind}.schema.json`, `${JSON.stringify(json, null, 2)}\n`];
    }),
  );
}
