import type { Revision } from '../../model/names.ts';
import type { CommitRecord } from '../ports/git.ts';
import { parseCommit } from './git-history.ts';
import { NOTES_REF } from './git-notes.ts';
import type { GitProcess } from './git-process.ts';

/** Trailers and note are texts of several lines. Git ends every one of these at a NUL, so none holds one. */
const FIELDS = [
  '%H',
  '%P',
  '%an <%ae>',
  '%cI',
  '%s',
  '%(trailers:only=true,unfold=true)',
  '%N',
] as const;
/** All but the note. */
const COMMIT_FIELDS = FIELDS.length - 1;

/**
 * Everything that history tells of each commit up to `from`, children before their parents: one process whose output is
 * read as it comes, however long the history is.
 *
 * @throws Error when `from` is not there.
 */
export async function* readRecords(
  git: GitProcess,
  from: Revision,
): AsyncGenerator<CommitRecord, void> {
  const args = [
    '-c',
    'log.showRoot=true',
    'log',
    '-z',
    '--topo-order',
    '--name-only',
    '--no-diff-merges',
    '--no-renames',
    '--no-relative',
    '--no-ext-diff',
    '--no-show-signature',
    '--no-color',
    '--no-mailmap',
    '--no-notes',
    `--notes=${NOTES_REF}`,
    // Each record begins with an empty token, which no path is.
    `--format=tformat:%x00${FIELDS.map((field) => `${field}%x00`).join('')}`,
    from,
    '--',
  ];
  const decoder = new TextDecoder();
  let record: string[] = [];
  let rest = '';
  for await (const chunk of git.open(args, '')) {
    const tokens = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\0');
    rest = tokens.pop() ?? '';
    for (const token of tokens) {
      // Behind the fields the record is ended by an empty token, the list of paths by the mark of the next record.
      if (token === '' && record.length > FIELDS.length + 1) {
        yield parseRecord(record);
        record = [];
      }
      record.push(token);
    }
  }
  if (record.length > 0) yield parseRecord(record);
}

function parseRecord(tokens: readonly string[]): CommitRecord {
  const [mark = '', ...others] = tokens;
  const fields = others.slice(0, COMMIT_FIELDS);
  const [note = '', end = '', ...files] = others.slice(COMMIT_FIELDS);
  if (mark !== '' || end !== '') throw new Error(`git log gave "${fields[0]}" as a commit`);
  return {
    ...parseCommit(fields),
    note: note === '' ? null : note,
    // Git puts a line feed before the first path.
    files: files.map((path, index) => (index === 0 ? path.slice(1) : path)),
  };
}
