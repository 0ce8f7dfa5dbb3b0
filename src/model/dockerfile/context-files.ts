import { insidePath } from './inside-path.ts';
import { type Instruction, readInstructions } from './instructions.ts';
import { jsonWords, wordsOf } from './words.ts';

/** A source of a COPY or ADD that nothing in the context answers to. */
export interface MissingSource {
  readonly line: number;
  readonly source: string;
}

/**
 * Which of `paths`, relative to the build context, a Dockerfile takes in: what its COPY and ADD name, or everything once
 * one of them is a pattern or a variable, or a RUN mounts it. So an image has a new name when one of its own files
 * changed, and not when another one's did.
 */
export function contextFiles(
  dockerfile: string,
  paths: readonly string[],
): { readonly paths: readonly string[]; readonly missing: readonly MissingSource[] } {
  const taken = new Set<string>();
  const missing: MissingSource[] = [];
  for (const instruction of readInstructions(dockerfile).instructions) {
    for (const source of sourcesIn(instruction)) {
      const found = paths.filter((path) => isIn(path, source));
      for (const path of found) taken.add(path);
      if (found.length === 0 && source !== EVERYTHING)
        missing.push({ line: instruction.line, source });
    }
  }
  return { paths: [...taken].sort(), missing };
}

const EVERYTHING = '.';

function sourcesIn({ name, rest }: Instruction): readonly string[] {
  if (name === 'RUN') return /^(?:--\S+\s+)*--mount=/.test(rest) ? [EVERYTHING] : [];
  if (name !== 'COPY' && name !== 'ADD') return [];
  const [, flags = '', named = ''] = /^((?:--\S+\s+)*)([\s\S]*)$/.exec(rest) ?? [];
  // Of another stage or image.
  if (/--from=/.test(flags)) return [];
  const words = jsonWords(named) ?? wordsOf(named);
  return words
    .slice(0, -1)
    .filter((word) => !/^(?:<<|[a-z][a-z0-9+.-]*:\/\/|git@)/i.test(word))
    .map((word) => (/[$*?[\\]/.test(word) ? EVERYTHING : word));
}

function isIn(path: string, source: string): boolean {
  const wanted = insidePath('/', source).slice(1);
  return wanted === '' || path === wanted || path.startsWith(`${wanted}/`);
}
