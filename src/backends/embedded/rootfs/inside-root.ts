import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As many links as the kernel follows. */
const MOST_LINKS = 40;

/**
 * Whether a file or folder is found at `path` by somebody whose root is `root`: its links lead nowhere else, whatever is
 * at the same path on this machine.
 */
export function isInsideRoot(root: string, path: string): boolean {
  const left = partsOf(path);
  const walked: string[] = [];
  for (let links = 0; left.length > 0; ) {
    const part = left.shift() ?? '';
    if (part === '..') {
      walked.pop();
      continue;
    }
    const at = join(root, ...walked, part);
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined) return false;
    if (!stats.isSymbolicLink()) {
      if (left.length > 0 && !stats.isDirectory()) return false;
      walked.push(part);
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) return false;
    const to = readlinkSync(at);
    if (to.startsWith('/')) walked.length = 0;
    left.unshift(...partsOf(to));
  }
  return true;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
