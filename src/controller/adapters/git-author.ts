import type { GitProcess } from './git-process.ts';

export interface GitAuthor {
  readonly name: string;
  readonly email: string;
}

/** Who commits are made as: the user that git is configured for here, else `bb <bb@localhost>`. */
export async function gitAuthor(git: GitProcess): Promise<GitAuthor> {
  const { stdout } = await git.run(['config', '-z', '--get-regexp', '^user\\.(name|email)$']);
  const settings = new Map(
    stdout
      .split('\0')
      .filter((entry) => entry.includes('\n'))
      .map((entry) => [
        entry.slice(0, entry.indexOf('\n')),
        entry.slice(entry.indexOf('\n') + 1).replace(/[<>\n]/g, ''),
      ]),
  );
  return {
    name: settings.get('user.name')?.trim() || 'bb',
    email: settings.get('user.email')?.trim() || 'bb@localhost',
  };
}

/** The same as variables, for commands that make commits. */
export function authorVariables(author: GitAuthor): { readonly [name: string]: string } {
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
  };
}
