import { parseRevision, type Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { gitAuthor } from './git-author.ts';
import { branchTip } from './git-commit.ts';
import type { GitProcess } from './git-process.ts';

/** Where bb writes what it did with a commit; `git log --notes=bb` shows it. */
export const NOTES_REF = 'refs/notes/bb';
const ATTEMPTS = 10;
const MAX_LINE_LENGTH = 4_000;

/** The note of a commit, or null. */
export async function readNote(git: GitProcess, revision: Revision): Promise<string | null> {
  const { exitCode, stdout } = await git.run(['notes', `--ref=${NOTES_REF}`, 'show', revision]);
  return exitCode === 0 ? stdout : null;
}

/** Every commit that has a note, on a branch or not. */
export async function listNoted(git: GitProcess): Promise<readonly Revision[]> {
  const { exitCode, stdout } = await git.run(['notes', `--ref=${NOTES_REF}`, 'list']);
  if (exitCode !== 0) return [];
  return stdout.split('\n').flatMap((line) => parseRevision(line.split(' ')[1] ?? '') ?? []);
}

/**
 * Adds lines to the note of a commit. One `fast-import` builds the notes tree and moves the ref, which it refuses when
 * somebody else moved it in between; then the note is read again, so that no line is lost.
 *
 * @throws Error when the ref cannot be written.
 */
export async function appendNote(
  git: GitProcess,
  revision: Revision,
  lines: readonly string[],
): Promise<void> {
  const { name, email } = await gitAuthor(git);
  const added = lines.map((line) => `${sanitizeLine(line, MAX_LINE_LENGTH)}\n`).join('');
  for (let attempt = 1; ; attempt += 1) {
    // The tip comes first: a note that is newer than it makes the import fail, never lose a line.
    const tip = await branchTip(git, NOTES_REF);
    const before = (await readNote(git, revision)) ?? '';
    const separator = before === '' || before.endsWith('\n') ? '' : '\n';
    const note = `${before}${separator}${added}`;
    const input = [
      `commit ${NOTES_REF}`,
      `committer ${name} <${email}> now`,
      data('bb'),
      ...(tip === null ? [] : [`from ${tip}`]),
      `N inline ${revision}`,
      data(note),
      'done',
      '',
    ].join('\n');
    const args = ['fast-import', '--quiet', '--done', '--date-format=now'];
    const { exitCode, stderr } = await git.run(args, { input });
    if (exitCode === 0) return;
    if (attempt === ATTEMPTS) throw new Error(`cannot write ${NOTES_REF}: ${stderr.trim()}`);
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}
