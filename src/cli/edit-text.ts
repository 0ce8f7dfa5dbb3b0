import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Surroundings } from './session.ts';

/** Longest text that is taken back: more than any request may have. */
const MAX_BYTES = 256 * 1024;

/**
 * Lets a person edit `text` in `$VISUAL`, `$EDITOR` or vi, under `name`; gives what was saved. The file is theirs alone
 * and gone afterwards. Throws when the editor fails, which leaves everything as it is.
 */
export async function editText(
  text: string,
  name: string,
  { environment, handOver }: Pick<Surroundings, 'environment' | 'handOver'>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-edit-'));
  try {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi';
    // An editor may come with arguments: the shell reads it, as git's does; the path is never read by it.
    const exitCode = await handOver(['sh', '-c', `${editor} "$1"`, 'sh', path]);
    if (exitCode !== 0) throw new Error(`the editor ended with exit code ${exitCode}`);
    const edited = await readFile(path);
    if (edited.length > MAX_BYTES) throw new Error('the edited text is too long');
    return edited.toString('utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
