import type { NpmPrograms } from './npm-programs.ts';

/**
 * The agents that the project is tested with, each of the version that it was tried with; some 770 MB. The folder is one
 * for `programs` of `config.yaml`. Of claude the platform's own binary is taken: its package puts it in place by a script.
 */
export const AGENT_PROGRAMS: NpmPrograms = {
  name: 'agents',
  packages: { '@anthropic-ai/claude-code': '2.1.330', '@openai/codex': '0.169.0' },
  programs: {
    claude: `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`,
    codex: '@openai/codex/bin/codex.js',
  },
};
