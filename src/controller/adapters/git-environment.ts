/** What git may see of our environment: enough to find itself, its user's configuration and a temporary folder. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'XDG_CONFIG_HOME'] as const;

/**
 * Configuration that every git command runs with, above the repository's own: nothing that a repository or its owner
 * configured is executed, and output does not depend on taste.
 */
export const GIT_CONFIG = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'i18n.commitEncoding=UTF-8',
  'i18n.logOutputEncoding=UTF-8',
] as const;

/** Variables of `gitEnvironment` that are git's own; simple-git wants them named. */
export const GIT_VARIABLES = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
} as const;

/**
 * The whole environment of a git process. Inherited `GIT_*` would redirect it (a hook of the operator's that runs `bb`
 * sets `GIT_DIR`), and replacement objects would show another tree than the commit's id stands for.
 */
export function gitEnvironment(inherited: NodeJS.ProcessEnv): { readonly [name: string]: string } {
  const passed = PASSED_ON.flatMap((name) => {
    const value = inherited[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), LC_ALL: 'C', ...GIT_VARIABLES };
}
