import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A sidecar program that is there to be started. */
export interface ListedProgram {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** In the order of their start. */
const NAMES = ['egress', 'supervise'] as const;

/** Small heaps: a young generation of 2 MB halves the peak under load, and an idle program stays small. */
export const NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=2',
  '--max-old-space-size=256',
];

/** For the same end: one arena, and what is free goes back to the kernel. */
export const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' } as const;

/**
 * Node asks the system for names on half of its threads, and nothing makes it give up on a name that nobody answers for:
 * with its usual four, two such names keep every other one of the bottle waiting. Within the processes that the
 * component may have, threads being counted as such.
 */
export const LOOKUP_THREADS = { UV_THREADPOOL_SIZE: '48' } as const;

/**
 * The programs beside the bundle: `<name>.js` where it is built, `../<name>/main.ts` in the source tree. One that is
 * not there is left out.
 */
export function listPrograms(folder: string, node: string): readonly ListedProgram[] {
  return NAMES.flatMap((name) => {
    const file = [join(folder, `${name}.js`), join(folder, '..', name, 'main.ts')].find(existsSync);
    return file === undefined ? [] : [{ name, command: [node, ...NODE_FLAGS, file] as const }];
  });
}
