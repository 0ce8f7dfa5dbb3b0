import type { Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { Signature } from '../ports/git.ts';
import type { GitProcess } from './git-process.ts';

/** Files of the host that say whose signatures count. */
export interface TrustedKeys {
  /** As `gpg.ssh.allowedSignersFile`; null trusts no SSH key. */
  readonly allowedSigners: string | null;
  /** As `gpg.ssh.revocationFile`. */
  readonly revokedKeys: string | null;
  /** A GnuPG home that holds the trusted keys and nothing else; null trusts no OpenPGP key. */
  readonly gnupgHome: string | null;
}

/** A thousand signatures take seconds; more than that is something that hangs. */
const LIMIT_MS = 120_000;
const FIELDS = ['%H', '%G?', '%GF', '%GS'] as const;

/**
 * What the signatures of commits are worth, in order: git looks at all of them in one process, with its own programs
 * and the keys of the host. No setting of the repository says who is trusted.
 */
export async function readSignatures(
  git: GitProcess,
  keys: TrustedKeys,
  revisions: readonly Revision[],
): Promise<readonly Signature[]> {
  if (revisions.length === 0) return [];
  const args = [...settings(keys), 'log', '-z', '--no-walk=unsorted', '--stdin', ...PLAIN];
  const output = await git.must([...args, `--format=tformat:${FIELDS.join('%x00')}`], {
    input: `${revisions.join('\n')}\n`,
    env: { GNUPGHOME: keys.gnupgHome ?? '/dev/null' },
    timeoutMs: LIMIT_MS,
  });
  const fields = output.split('\0');
  const found = new Map<string, Signature>();
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    const [id = '', code = '', fingerprint = '', signer = ''] = fields.slice(
      at,
      at + FIELDS.length,
    );
    found.set(id, signatureOf(code, fingerprint, sanitizeLine(signer, 200)));
  }
  return revisions.map((revision) => found.get(revision) ?? { kind: 'bad' });
}

const PLAIN = ['--no-show-signature', '--no-color', '--no-notes', '--no-patch'] as const;

function settings({ allowedSigners, revokedKeys }: TrustedKeys): readonly string[] {
  return [
    `gpg.ssh.allowedSignersFile=${allowedSigners ?? '/dev/null'}`,
    `gpg.ssh.revocationFile=${revokedKeys ?? '/dev/null'}`,
    'gpg.minTrustLevel=undefined',
    'gpg.program=gpg',
    'gpg.openpgp.program=gpg',
    'gpg.ssh.program=ssh-keygen',
    // A certificate says who somebody is, not that this host trusts them.
    'gpg.x509.program=false',
  ].flatMap((setting) => ['-c', setting]);
}

/** Git's letters, see `%G?` in git-log(1). Only G counts; U is a right signature of a key that is nobody's here. */
function signatureOf(code: string, fingerprint: string, signer: string): Signature {
  switch (code) {
    case 'G':
      return { kind: 'good', signer, fingerprint };
    case 'N':
      return { kind: 'unsigned' };
    case 'U':
    case 'E':
      return { kind: 'unknown-signer', fingerprint };
    case 'X':
    case 'Y':
      return { kind: 'expired', fingerprint };
    case 'R':
      return { kind: 'revoked', fingerprint };
    default:
      return { kind: 'bad' };
  }
}
