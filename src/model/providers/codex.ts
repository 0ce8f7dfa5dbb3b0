import {
  AGENT_WORK,
  type LoginFacts,
  PLACEHOLDER,
  PROMPT_FILE,
  type Provider,
  type ProviderFacts,
} from './provider.ts';

/** The bottle is the sandbox, and a sandbox within it would not start. */
const BYPASS = '--dangerously-bypass-approvals-and-sandbox';

/** OpenAI Codex. Its prompt is the first message of a new session, for it has no other way in. */
export const codex: Provider = {
  program: { name: 'codex', since: '0.100.0', tried: '0.169.0' },
  skills: '.codex/skills',
  transcripts: '.codex/sessions/*/*/*/rollout-*.jsonl',
  session: ({ resume, hasPrompt }) =>
    resume
      ? ['codex', BYPASS, 'resume', '--last', '--include-non-interactive']
      : ['codex', BYPASS, ...(hasPrompt ? [`Read ${PROMPT_FILE} and follow it.`] : [])],
  headless: ({ text, hasPrompt }) => [
    ...['codex', 'exec', BYPASS, '--skip-git-repo-check', '--color', 'never'],
    hasPrompt ? `First read ${PROMPT_FILE} and follow it. Then: ${text}` : text,
  ],
  registration: (url) => ['codex', 'mcp', 'add', 'supervise', '--url', url],
  env: () => ({}),
  files: (facts) => [
    { path: '.codex/config.toml', text: CONFIG },
    ...(facts.login === 'none'
      ? []
      : [{ path: '.codex/auth.json', text: `${JSON.stringify(signedIn(facts), null, 2)}\n` }]),
  ],
};

const CONFIG = `check_for_update_on_startup = false
cli_auth_credentials_store = "file"

[analytics]
enabled = false

[projects."${AGENT_WORK}"]
trust_level = "trusted"
`;

/** The same mode as the host's login, and nothing in it that anybody could use. */
function signedIn({ account, nowMs }: ProviderFacts) {
  if (account === null) return { auth_mode: 'apikey', OPENAI_API_KEY: PLACEHOLDER };
  const token = dummyToken(account);
  return {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: {
      id_token: token,
      access_token: token,
      refresh_token: PLACEHOLDER,
      account_id: account.accountId,
    },
    last_refresh: new Date(nowMs).toISOString(),
  };
}

/**
 * A token that nobody signed, with the expiry of the real one: a program that finds it expired asks to sign in, and one
 * without an expiry would refresh it.
 */
function dummyToken({ expiresAt, accountId }: LoginFacts): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    exp: Math.floor(Date.parse(expiresAt) / 1000),
    email: 'agent@bottle.invalid',
    'https://api.openai.com/auth': {
      chatgpt_account_id: accountId,
      chatgpt_user_id: 'bottle',
      chatgpt_plan_type: 'pro',
    },
  };
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${part({ by: PLACEHOLDER })}`;
}
