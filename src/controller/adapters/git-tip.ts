import { readFile } from 'node:fs/promises';
import type { Resolved } from '../ports/git.ts';

/**
 * `resolve` that starts no process while the branch has not moved: a pass asks for the tip each time, and a commit that
 * was found good stays good. `resolve` is told what the ref's file says, which may be nothing. Where the ref is no plain file (packed, reftable, symbolic) git is asked each time.
 */
export function rememberTip(
  refPath: string,
  resolve: (written: string) => Promise<Resolved>,
): () => Promise<Resolved> {
  let known: Resolved | null = null;
  return async () => {
    // Read first: a ref that moves meanwhile is not taken for the tip that git then names.
    const written = (await readFile(refPath, 'utf8').catch(() => '')).trim();
    if (known?.kind === 'resolved' && known.revision === written) return known;
    const resolved = await resolve(written);
    known = resolved.kind === 'resolved' && resolved.revision === written ? resolved : null;
    return resolved;
  };
}
