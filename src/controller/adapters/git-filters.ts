import type { GitProcess } from './git-process.ts';

/**
 * Environment in which git runs no filter of any configuration. Whatever writes an index may compare files with it, and
 * would start the programs that the repository names for that.
 */
export async function withoutFilters(
  git: GitProcess,
  root: string,
): Promise<{ readonly [name: string]: string }> {
  const pattern = '^filter\\..*\\.(clean|smudge|process|required)$';
  const { stdout } = await git.run(['config', '-z', '--name-only', '--get-regexp', pattern], {
    cwd: root,
  });
  const keys = [...new Set(stdout.split('\0').filter((key) => key !== ''))];
  const settings = keys.flatMap((key, index) => [
    [`GIT_CONFIG_KEY_${index}`, key] as const,
    [`GIT_CONFIG_VALUE_${index}`, key.endsWith('.required') ? 'false' : ''] as const,
  ]);
  return { GIT_CONFIG_COUNT: String(keys.length), ...Object.fromEntries(settings) };
}
