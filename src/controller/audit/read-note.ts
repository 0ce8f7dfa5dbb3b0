import { z } from 'zod';
import type { Application } from './audit-entry.ts';

const line = z.object({
  at: z.string().refine((at) => !Number.isNaN(Date.parse(at))),
  applied: z.array(z.object({ bottle: z.string(), actions: z.number(), result: z.string() })),
});

/** The applications that a note tells, oldest first; a line that is not one of ours says nothing. */
export function readNote(note: string | null): readonly Application[] {
  if (note === null) return [];
  return note.split('\n').flatMap((text) => {
    // Each note ends in an empty line, and an exception for each of thousands takes long.
    if (!text.startsWith('{')) return [];
    const parsed = line.safeParse(parsedJson(text));
    if (!parsed.success) return [];
    const { at, applied } = parsed.data;
    return applied.map((each) => ({ at, ...each }));
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
