import { sanitizeLine } from '../model/sanitize.ts';

/** What to do about a file that a commit changed while the working tree has other changes of it. */
export function formatLeft(path: string): string {
  const shown = sanitizeLine(path);
  const file = /^[\w./-]+$/.test(path) ? path : `'${shown.replaceAll("'", "'\\''")}'`;
  return (
    `${shown} has changes of yours, so your working tree keeps it as it is and lacks this commit. ` +
    `Merge by hand, from git diff HEAD -- ${file}; or drop yours: git checkout HEAD -- ${file}`
  );
}
