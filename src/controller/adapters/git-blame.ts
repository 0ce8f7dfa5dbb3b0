import { parseRevision, type Revision } from '../../model/names.ts';
import type { BlamedLine } from '../ports/git.ts';
import type { GitProcess } from './git-process.ts';

const HEADER = /^([0-9a-f]{40}|[0-9a-f]{64}) \d+ (\d+)/;

/** The commit that last wrote each of these lines of a file, as the file is at `revision`: one process for all. */
export async function readBlame(
  git: GitProcess,
  revision: Revision,
  path: string,
  lines: readonly number[],
): Promise<readonly BlamedLine[]> {
  const wanted = [...new Set(lines)].sort((a, b) => a - b);
  if (wanted.length === 0) return [];
  const output = await git.must([
    '-c',
    'blame.ignoreRevsFile=',
    'blame',
    '--line-porcelain',
    ...wanted.flatMap((line) => ['-L', `${line},${line}`]),
    revision,
    '--',
    path,
  ]);
  const blamed: BlamedLine[] = [];
  let current: { readonly revision: Revision; readonly line: number } | null = null;
  for (const text of output.split('\n')) {
    const [, id = '', line = ''] = HEADER.exec(text) ?? [];
    const by = parseRevision(id);
    if (by !== undefined) current = { revision: by, line: Number(line) };
    if (!text.startsWith('\t') || current === null) continue;
    blamed.push({ ...current, text: text.slice(1) });
    current = null;
  }
  return blamed;
}
