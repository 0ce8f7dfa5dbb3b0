import { z } from 'zod';
import type { BottleSpec, CustomProviderSpec } from '../model/bottle-spec.ts';

const argv = z.array(z.string()).min(1);
const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().default(null);

/** What of a container's label is read here. Labels of an older version say less. */
const label = z.object({
  provider: z.union([
    z.object({
      kind: z.enum(['claude', 'codex']),
      login: z.enum(['none', 'bearer', 'api-key']).default('none'),
    }),
    z.object({
      kind: z.literal('custom'),
      command: argv,
      resume: nullable(argv),
      headless: nullable(argv),
      transcripts: nullable(z.string().regex(/^[\w.@*+/-]+$/)),
      prompt: nullable(argv),
      register: nullable(argv),
      skills: nullable(z.string()),
    } satisfies { readonly [key in keyof CustomProviderSpec]: z.ZodType }),
  ]),
  prompt: z.object({ path: z.string().nullable(), digest: z.string() }).nullable(),
});

/**
 * What a running agent was made of, by the label that it was made with: a bottle whose commit is gone or newer still
 * runs its own program (D4). Null for a label that was lost or is not ours.
 */
export function madeOf(applied: string | null): Pick<BottleSpec, 'provider' | 'prompt'> | null {
  if (applied === null) return null;
  const read = label.safeParse(parseJson(applied));
  if (!read.success) return null;
  const { provider, prompt } = read.data;
  return { provider, prompt: prompt as BottleSpec['prompt'] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
