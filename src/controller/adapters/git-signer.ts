import type { SignPolicy } from '../ports/git.ts';
import type { GitProcess } from './git-process.ts';

/** How git signs here: settings above its own, and what the signer's programs may see of our environment. */
export interface Signer {
  readonly config: readonly string[];
  readonly env: { readonly [name: string]: string };
}

/** Longest that a signer may take: one that waits for a person is not there. */
export const SIGNER_LIMIT_MS = 30_000;

/** Where agents and key rings of the person are. */
const PASSED_ON = ['GNUPGHOME', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR'] as const;

/** Programs that git would start to sign, and what it takes without a setting. */
const PROGRAMS: { readonly [key: string]: string } = {
  'gpg.program': 'gpg',
  'gpg.openpgp.program': 'gpg',
  'gpg.x509.program': 'gpgsm',
  'gpg.ssh.program': 'ssh-keygen',
  'gpg.ssh.defaultkeycommand': '',
};

/**
 * How the next commit is signed, or null for not at all. Format and key are what git is configured for here, also by the
 * repository; a program that the repository names is not started, that of the person or the machine is.
 */
export async function signerFor(
  git: GitProcess,
  policy: SignPolicy,
  isVerified: boolean,
): Promise<Signer | null> {
  if (policy === 'never') return null;
  const settings = await signingSettings(git);
  const isAsked = policy === 'always' || isVerified || isTrue(settings.get('commit.gpgsign'));
  if (!isAsked) return null;
  const overridden = [...settings]
    .filter(([key, { isForeign }]) => isForeign && PROGRAMS[key] !== undefined)
    .map(([key, { trusted }]) => `${key}=${trusted ?? PROGRAMS[key]}`);
  const env = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { config: overridden.flatMap((entry) => ['-c', entry]), env: Object.fromEntries(env) };
}

interface Setting {
  readonly value: string;
  /** True when the repository itself says it. */
  readonly isForeign: boolean;
  /** What the person or the machine says. */
  readonly trusted: string | null;
}

async function signingSettings(git: GitProcess): Promise<ReadonlyMap<string, Setting>> {
  const pattern = '^(gpg\\..*|commit\\.gpgsign)$';
  const { stdout } = await git.run(['config', '-z', '--show-scope', '--get-regexp', pattern]);
  const fields = stdout.split('\0');
  const settings = new Map<string, Setting>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [scope = '', entry = ''] = [fields[at], fields[at + 1]];
    const end = entry.indexOf('\n');
    // A key without a value is true.
    const [key, value] = end === -1 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)];
    const isForeign = scope !== 'global' && scope !== 'system';
    const trusted = isForeign ? (settings.get(key)?.trusted ?? null) : value;
    settings.set(key, { value, isForeign, trusted });
  }
  return settings;
}

function isTrue(setting: Setting | undefined): boolean {
  return /^(?:true|yes|on|[1-9]\d*)$/i.test(setting?.value ?? '');
}
