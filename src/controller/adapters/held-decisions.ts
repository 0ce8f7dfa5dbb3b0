import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ProposalId, parseBottleName, parseProposalId } from '../../model/names.ts';
import type { HeldDecision, HeldDecisions } from '../ports/held-decisions.ts';
import { readJson, writeJson } from './json-file.ts';

const request = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('approve'),
    id: z.string(),
    operator: z.string(),
    seen: z.string().optional(),
    scope: z.string().optional(),
    text: z.string().optional(),
    expires: z.string().optional(),
    notes: z.string().optional(),
  }),
  z.object({
    kind: z.literal('reject'),
    id: z.string(),
    operator: z.string(),
    reason: z.string(),
  }),
]);
const record = z.object({
  bottle: z.string(),
  request,
  at: z.iso.datetime(),
  agreed: z.string().nullable(),
});

/** Keeps held decisions in `decisions/` of the fleet's state directory, a file each. A damaged one is none. */
export function createHeldDecisions(stateDirectory: string): HeldDecisions {
  const folder = join(stateDirectory, 'decisions');
  const pathOf = (id: ProposalId) => join(folder, `${id}.json`);

  const find = async (id: ProposalId): Promise<HeldDecision | null> => {
    const read = record.safeParse(await readJson(pathOf(id)));
    const bottle = read.success ? parseBottleName(read.data.bottle) : undefined;
    if (!read.success || bottle === undefined || read.data.request.id !== id) return null;
    return { ...read.data, id, bottle };
  };

  return {
    find,
    async all() {
      const names = await readdir(folder).catch(() => []);
      const ids = names.flatMap((name) => parseProposalId(name.replace(/\.json$/, '')) ?? []);
      const found = (await Promise.all(ids.map(find))).filter((held) => held !== null);
      return found.sort((a, b) => (`${a.at}${a.id}` < `${b.at}${b.id}` ? -1 : 1));
    },
    hold: ({ id, ...rest }) => writeJson(pathOf(id), rest),
    release: (id) => rm(pathOf(id), { force: true }),
  };
}
