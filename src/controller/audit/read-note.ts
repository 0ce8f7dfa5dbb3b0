import { z } from 'zod';
import type { Application } from './audit-entry.ts';

const line = z.object({
  fleet: z.string().optional(),
  at: z.string().refine((at) => !Number.isNaN(Date.parse(at))),
  applied: z.array(z.object({ bottle: z.string(), actions: z.number(), result: z.string() })),
});

/** The applications that a note tells, oldest first; a line that is not one of ours says nothing. */
export function readNote(note: string | null): readonly Application[] {
  return linesIn(note).flatMap(({ at, applied }) => applied.map((each) => ({ at, ...each })));
}

/** The fleets that its applications are of; null among them for lines that do not say. */
export function fleetsIn(note: string | null): ReadonlySet<string | null> {
  return new Set(linesIn(note).map(({ fleet }) => fleet ?? null));
}

function linesIn(note: string | null): readonly z.infer<typeof line>[] {
  if (note === null) return [];
  return note.split('\n').flatMap((text) => {
    // Each note ends in an empty line, and an exception for each of thousands takes long.
    if (!text.startsWith('{')) return [];
    const parsed = line.safeParse(parsedJson(text));
    return parsed.success ? [parsed.data] : [];
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
