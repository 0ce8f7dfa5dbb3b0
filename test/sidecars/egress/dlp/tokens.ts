/** Made to look like the real ones, in two parts so that nobody's scanner takes this file for a leak. */
function made(anchor: string, rest: string): string {
  return anchor + rest;
}

const MIXED = 'aZ3kQ9xW2mB7vN5cL8pR4tY6uH1jG0fD';
const DIGITS = '0123456789abcdef';

/** A token of each kind, by the rule that has to find it, and the longest that is none. */
export const TOKENS: readonly {
  readonly rule: string;
  readonly token: string;
  readonly tooShort: string;
}[] = [
  kind('aws', 'AKIA', 'IOSFODNN7EXAMPL1'),
  kind('aws', 'aws_secret_access_key = "', MIXED + MIXED.slice(0, 8)),
  kind('github', 'ghp_', MIXED + MIXED.slice(0, 4)),
  kind('github', 'ghs_', MIXED + MIXED.slice(0, 4)),
  kind('github', 'github_pat_', `${MIXED}_${MIXED.slice(0, 26)}`),
  kind('gitlab', 'glpat-', MIXED.slice(0, 20)),
  kind('anthropic', 'sk-ant-', `api03-${MIXED.slice(0, 18)}`),
  kind('openai', 'sk-proj-', MIXED),
  kind('openai', `sk-${MIXED.slice(0, 20)}T3BlbkFJ`, MIXED.slice(0, 20)),
  kind('stripe', 'sk_live_', MIXED.slice(0, 16)),
  kind('stripe', 'rk_test_', MIXED.slice(0, 16)),
  kind('google', 'AIza', `${MIXED}Abc`),
  kind('google', 'GOCSPX-', MIXED.slice(0, 28)),
  kind('slack', 'xoxb-', '123456789012-abcdefg'),
  kind('npm', 'npm_', MIXED + MIXED.slice(0, 4)),
  kind('pypi', 'pypi-AgEIcHlwaS5vcmc', MIXED.slice(0, 20)),
  kind('docker', 'dckr_pat_', MIXED.slice(0, 24)),
  kind('huggingface', 'hf_', `${MIXED}Ab`),
  kind('sendgrid', `SG.${MIXED.slice(0, 22)}.`, MIXED.slice(0, 30)),
  kind('vault', 'hvs.', MIXED.slice(0, 24)),
  kind('databricks', 'dapi', DIGITS + DIGITS),
  kind('jwt', `eyJ${MIXED.slice(0, 17)}.eyJ${MIXED.slice(0, 20)}.`, MIXED.slice(0, 20)),
  kind('private-key', '-----BEGIN RSA PRIVATE KEY-----\n', MIXED + MIXED),
  kind('private-key', '"-----BEGIN PRIVATE KEY-----\\n', MIXED + MIXED),
];

function kind(rule: string, anchor: string, rest: string) {
  return { rule, token: made(anchor, rest), tooShort: `${made(anchor, rest.slice(0, -9))} ` };
}
