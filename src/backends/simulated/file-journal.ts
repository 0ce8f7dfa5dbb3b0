import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Journal } from './journal.ts';

/** As many lines too many are left as they are: others may be writing, and what they append meanwhile would be lost. */
const SUPERFLUOUS_LINES = 2_000;

/** Ends a line that a crash cut off: readers drop it. */
const CANCEL = '\u0018';

/**
 * A journal in one file, so that `--backend simulated` remembers its fleet from one command to the next. `compact` makes
 * the file what its reader kept where it is much longer, and ends a last line that a crash cut off. What looks cut off
 * may be half of what another process is writing: so it is never rewritten, and what is appended then follows the whole.
 */
export function fileJournal(path: string): Journal & { compact(lines: readonly string[]): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return {
    read: () => completeLines(readIfThere(path)),
    append: (line) => appendFileSync(path, `${line}\n`, { mode: 0o600 }),
    compact(lines) {
      const text = readIfThere(path);
      if (text !== '' && !text.endsWith('\n')) appendFileSync(path, `${CANCEL}\n`, { mode: 0o600 });
      if (completeLines(text).length <= lines.length + SUPERFLUOUS_LINES) return;
      const temporary = `${path}.${process.pid}.new`;
      writeFileSync(temporary, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
      renameSync(temporary, path);
    },
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function completeLines(text: string): readonly string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(CANCEL));
}
