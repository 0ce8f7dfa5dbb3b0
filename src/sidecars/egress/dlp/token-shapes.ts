/** Characters that the part of a token is made of. */
export type CharacterSet =
  | 'upper'
  | 'alphanumeric'
  | 'word'
  | 'dashed'
  | 'base64'
  | 'hex'
  | 'armour'
  | 'assignment';

/** A token as its issuer makes them: an anchor that nothing else begins with, then its parts. */
export interface TokenShape {
  readonly rule: string;
  readonly anchors: readonly string[];
  /** What stands between two parts. */
  readonly joint: '.' | '';
  readonly parts: readonly { readonly of: CharacterSet; readonly atLeast: number }[];
}

function shape(
  rule: string,
  anchors: string,
  of: CharacterSet,
  ...lengths: readonly number[]
): TokenShape {
  return {
    rule,
    anchors: anchors.split(' '),
    joint: '.',
    parts: lengths.map((atLeast) => ({ of, atLeast })),
  };
}

/**
 * Nothing is asked of what stands before and after: a letter that is glued to a token hides it from rules that look for
 * whole words. Lengths are those of the shortest token that was ever issued.
 */
export const TOKEN_SHAPES: readonly TokenShape[] = [
  shape('aws', 'AKIA ASIA AGPA AIDA AROA ANPA ANVA', 'upper', 16),
  shape('github', 'ghp_ gho_ ghu_ ghs_ ghr_', 'alphanumeric', 36),
  shape('github', 'github_pat_', 'word', 59),
  shape('gitlab', 'glpat- gldt- glrt- glptt- glcbt- glft- glsoat- glagent-', 'dashed', 20),
  shape('anthropic', 'sk-ant-', 'dashed', 24),
  shape('openai', 'sk-proj- sk-svcacct- sk-admin- sk-None-', 'dashed', 32),
  shape('openai', 'T3BlbkFJ', 'dashed', 20),
  shape('stripe', 'sk_live_ sk_test_ rk_live_ rk_test_ whsec_', 'alphanumeric', 16),
  shape('google', 'AIza', 'dashed', 35),
  shape('google', 'GOCSPX-', 'dashed', 28),
  shape('google', 'ya29.', 'dashed', 20),
  shape('slack', 'xoxb- xoxp- xoxa- xoxo- xoxr- xoxs- xoxe- xoxc- xoxd- xapp-', 'dashed', 20),
  shape('slack', 'hooks.slack.com/services/T', 'base64', 20),
  shape('npm', 'npm_', 'alphanumeric', 36),
  shape('pypi', 'pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw', 'dashed', 20),
  shape('docker', 'dckr_pat_ dckr_oat_', 'dashed', 24),
  shape('huggingface', 'hf_ api_org_', 'alphanumeric', 34),
  shape('sendgrid', 'SG.', 'dashed', 20, 30),
  shape('shopify', 'shppa_ shpca_ shpat_ shpss_', 'hex', 32),
  shape('grafana', 'glsa_', 'word', 40),
  shape('grafana', 'glc_', 'base64', 32),
  shape('vault', 'hvs. hvb. hvr.', 'dashed', 24),
  shape('databricks', 'dapi', 'hex', 32),
  shape('digitalocean', 'dop_v1_ doo_v1_ dor_v1_', 'hex', 64),
  shape('linear', 'lin_api_', 'alphanumeric', 32),
  shape('notion', 'ntn_', 'alphanumeric', 40),
  shape('figma', 'figd_', 'dashed', 40),
  shape('groq', 'gsk_', 'alphanumeric', 48),
  shape('age', 'AGE-SECRET-KEY-1', 'upper', 58),
  shape('jwt', 'eyJ', 'dashed', 10, 10, 20),
  {
    rule: 'aws',
    anchors: ['secret_access_key', 'SECRET_ACCESS_KEY', 'SecretAccessKey', 'secretAccessKey'],
    joint: '',
    parts: [
      { of: 'assignment', atLeast: 1 },
      { of: 'base64', atLeast: 40 },
    ],
  },
  {
    rule: 'private-key',
    anchors: ['PRIVATE KEY-----', 'PRIVATE KEY BLOCK-----'],
    joint: '',
    parts: [{ of: 'armour', atLeast: 64 }],
  },
];

const MEMBERS: { readonly [set in CharacterSet]: RegExp } = {
  upper: /[A-Z0-9]/,
  alphanumeric: /[A-Za-z0-9]/,
  word: /[A-Za-z0-9_]/,
  dashed: /[A-Za-z0-9_-]/,
  base64: /[A-Za-z0-9+/=_-]/,
  hex: /[a-fA-F0-9]/,
  // A key over several lines, also where line feeds are written as escapes and lines are quoted.
  armour: /[A-Za-z0-9+/=\t\r\n\\"]/,
  assignment: /[\s\\"':=>]/,
};

/** For each set, which ASCII characters are in it. */
export const IN_SET: { readonly [set in CharacterSet]: Uint8Array } = {
  upper: membersOf('upper'),
  alphanumeric: membersOf('alphanumeric'),
  word: membersOf('word'),
  dashed: membersOf('dashed'),
  base64: membersOf('base64'),
  hex: membersOf('hex'),
  armour: membersOf('armour'),
  assignment: membersOf('assignment'),
};

function membersOf(set: CharacterSet): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) =>
    MEMBERS[set].test(String.fromCharCode(code)) ? 1 : 0,
  );
}
