import { AGENT_WORK, PLACEHOLDER, PROMPT_FILE, type Provider } from './provider.ts';

/** The bottle is the sandbox: what asks for each step inside it would only stop the work. */
const BYPASS = '--dangerously-skip-permissions';

/** Claude Code. */
export const claude: Provider = {
  program: { name: 'claude', since: '2.0.0', tried: '2.1.330' },
  skills: '.claude/skills',
  transcripts: `.claude/projects/${AGENT_WORK.replaceAll('/', '-')}/*.jsonl`,
  session: ({ resume, hasPrompt, label }) => [
    ...['claude', BYPASS],
    ...promptArguments(hasPrompt),
    ...(label === null || resume ? [] : ['--name', label]),
    ...(resume ? ['--continue'] : []),
  ],
  headless: ({ text, hasPrompt }) => ['claude', BYPASS, ...promptArguments(hasPrompt), '-p', text],
  registration: (url) => [
    ...['claude', 'mcp', 'add', '--scope', 'user', '--transport', 'http', 'supervise', url],
  ],
  env: (login) => ({
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
    ...(login === 'bearer' ? { CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER } : {}),
    ...(login === 'api-key' ? { ANTHROPIC_API_KEY: PLACEHOLDER } : {}),
  }),
  files: ({ login }) => [
    { path: '.claude.json', text: json(settled(login === 'api-key')) },
    { path: '.claude/settings.json', text: json({ skipDangerousModePermissionPrompt: true }) },
  ],
};

function promptArguments(hasPrompt: boolean): readonly string[] {
  return hasPrompt ? ['--append-system-prompt-file', PROMPT_FILE] : [];
}

/** Every question of a first start is answered: there may be nobody to answer it. */
function settled(hasKey: boolean) {
  return {
    hasCompletedOnboarding: true,
    bypassPermissionsModeAccepted: true,
    theme: 'dark',
    ...(hasKey
      ? { customApiKeyResponses: { approved: [PLACEHOLDER.slice(-20)], rejected: [] } }
      : {}),
    projects: {
      [AGENT_WORK]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true },
    },
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
