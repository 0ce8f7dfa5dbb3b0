import { describe, expect, test } from 'vitest';
import type { ProviderSpec } from '../../../src/model/bottle-spec.ts';
import { versionProblem } from '../../../src/model/providers/program-version.ts';
import { loginOf, PLACEHOLDER, PROMPT_FILE } from '../../../src/model/providers/provider.ts';
import { providerOf } from '../../../src/model/providers/provider-of.ts';
import { customProvider } from '../../builders/desired.ts';

const CLAUDE: ProviderSpec = { kind: 'claude', login: 'bearer' };
const CODEX: ProviderSpec = { kind: 'codex', login: 'bearer' };
const CUSTOM = customProvider({
  command: ['agent', '--yes'],
  resume: ['agent', '--last'],
  headless: ['agent', 'run'],
  transcripts: '.agent/*.log',
  prompt: ['--system', '{promptFile}'],
  register: ['agent', 'tools', 'add={url}'],
});

/** One line for each way to begin. */
function commandLines(spec: ProviderSpec): string {
  const provider = providerOf(spec);
  const begin = (resume: boolean, hasPrompt: boolean, label: string | null = null) =>
    provider.session({ resume, hasPrompt, label }).join(' ');
  return `
    new: ${begin(false, false)}
    new with a prompt and a label: ${begin(false, true, 'Night shift')}
    resume: ${begin(true, true, 'Night shift')}
    headless: ${provider.headless({ text: 'do it', hasPrompt: false })?.join(' ')}
    headless with a prompt: ${provider.headless({ text: 'do it', hasPrompt: true })?.join(' ')}
    register: ${provider.registration('http://supervise:9100/mcp')?.join(' ')}
  `;
}

describe('a provider’s command lines', () => {
  test('R11: claude goes on with its last session without asking which', () => {
    expect(commandLines(CLAUDE)).toBe(`
    new: claude --dangerously-skip-permissions
    new with a prompt and a label: claude --dangerously-skip-permissions --append-system-prompt-file /home/agent/.bb/prompt.md --name Night shift
    resume: claude --dangerously-skip-permissions --append-system-prompt-file /home/agent/.bb/prompt.md --continue
    headless: claude --dangerously-skip-permissions -p do it
    headless with a prompt: claude --dangerously-skip-permissions --append-system-prompt-file /home/agent/.bb/prompt.md -p do it
    register: claude mcp add --scope user --transport http supervise http://supervise:9100/mcp
  `);
  });

  test('R11: codex goes on with its last session without asking which, and reads its prompt once', () => {
    expect(commandLines(CODEX)).toBe(`
    new: codex --dangerously-bypass-approvals-and-sandbox
    new with a prompt and a label: codex --dangerously-bypass-approvals-and-sandbox Read /home/agent/.bb/prompt.md and follow it.
    resume: codex --dangerously-bypass-approvals-and-sandbox resume --last --include-non-interactive
    headless: codex exec --dangerously-bypass-approvals-and-sandbox --skip-git-repo-check --color never do it
    headless with a prompt: codex exec --dangerously-bypass-approvals-and-sandbox --skip-git-repo-check --color never First read /home/agent/.bb/prompt.md and follow it. Then: do it
    register: codex mcp add supervise --url http://supervise:9100/mcp
  `);
  });

  test('a program of its own kind is run as it was declared', () => {
    expect(commandLines(CUSTOM)).toBe(`
    new: agent --yes
    new with a prompt and a label: agent --yes --system ${PROMPT_FILE}
    resume: agent --last
    headless: agent run do it
    headless with a prompt: agent run --system ${PROMPT_FILE} do it
    register: agent tools add=http://supervise:9100/mcp
  `);
  });

  test('a program that declares nothing but its command resumes nothing and has no other sessions', () => {
    const provider = providerOf(customProvider({ transcripts: '.agent/*' }));
    expect(provider.session({ resume: true, hasPrompt: true, label: null })).toEqual(['bash']);
    expect(provider.headless({ text: 'do it', hasPrompt: false })).toBeNull();
    expect(provider.registration('http://supervise:9100/mcp')).toBeNull();
    expect(provider.transcripts).toBeNull();
  });
});

describe('what an agent holds instead of a credential', () => {
  const nowMs = Date.parse('2030-01-01T00:00:00Z');

  test('claude is signed in by placeholder, in the form that its credential has', () => {
    const { env } = providerOf(CLAUDE);
    expect(env('bearer')).toMatchObject({ CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER });
    expect(env('api-key')).toMatchObject({ ANTHROPIC_API_KEY: PLACEHOLDER });
    expect(Object.values(env('none'))).not.toContain(PLACEHOLDER);
  });

  test('R55: codex believes to be signed in until the host’s login really ends', () => {
    const expiresAt = '2030-02-03T04:05:06.000Z';
    const account = { expiresAt, accountId: 'account-1' };
    const files = providerOf(CODEX).files({ login: 'bearer', account, nowMs });
    const auth = JSON.parse(files.find(({ path }) => path === '.codex/auth.json')?.text ?? '');
    const [, claims = ''] = auth.tokens.access_token.split('.');
    const read = JSON.parse(Buffer.from(claims, 'base64url').toString());
    expect(read.exp).toBe(Date.parse(expiresAt) / 1000);
    expect(auth).toMatchObject({ auth_mode: 'chatgpt', last_refresh: '2030-01-01T00:00:00.000Z' });
    expect(auth.tokens).toMatchObject({ account_id: 'account-1', refresh_token: PLACEHOLDER });
  });

  test('codex with a key of its own is in that mode', () => {
    const files = providerOf(CODEX).files({ login: 'bearer', account: null, nowMs });
    const auth = files.find(({ path }) => path === '.codex/auth.json')?.text ?? '';
    expect(JSON.parse(auth)).toEqual({ auth_mode: 'apikey', OPENAI_API_KEY: PLACEHOLDER });
    const none = providerOf(CODEX).files({ login: 'none', account: null, nowMs });
    expect(none.map(({ path }) => path)).toEqual(['.codex/config.toml']);
  });

  test.for([
    [null, 'none'],
    [{ scheme: 'Bearer', secret: 's' }, 'bearer'],
    [{ scheme: 'header', header: 'x-api-key', secret: 's' }, 'api-key'],
    [{ scheme: 'header', header: 'x-other', secret: 's' }, null],
    [{ scheme: 'Basic', secret: 's' }, null],
  ] as const)('a credential %j is a login: %s', ([auth, login]) => {
    expect(loginOf(auth)).toBe(login);
  });
});

describe('the version of a program', () => {
  const program = { name: 'agent', since: '2.4.0', tried: '2.9.1' };

  test.for(['2.4.0', 'agent 2.9.1 (Agent)', 'agent-cli 2.10.0'])('%s is known', (printed) => {
    expect(versionProblem(program, printed)).toBeNull();
  });

  test.for([
    ['2.3.9', 'too old'],
    ['agent 1.99.99', 'too old'],
    ['3.0.0', 'unknown'],
    ['', 'no version'],
    ['\u001b[2Jnightly', '\\x1b[2Jnightly'],
  ] as const)('%j is told with what to do', ([printed, words]) => {
    expect(versionProblem(program, printed)).toContain(words);
    expect(versionProblem(program, printed)).toContain('from 2.4.0 on');
  });
});
