import { assertNever } from '../model/assert-never.ts';
import type { Signature } from './ports/git.ts';

/** Why a signature does not count, in words; null for one that does. */
export function objectionTo(signature: Signature): string | null {
  switch (signature.kind) {
    case 'good':
      return null;
    case 'unsigned':
      return 'bears no signature';
    case 'unknown-signer':
      return `is signed with a key that this host does not know${keyOf(signature)}`;
    case 'expired':
      return `is signed with a key that has expired${keyOf(signature)}`;
    case 'revoked':
      return `is signed with a key that was revoked${keyOf(signature)}`;
    case 'bad':
      return 'bears a signature that is not right, or of a revoked key,';
    default:
      return assertNever(signature);
  }
}

function keyOf({ fingerprint }: { readonly fingerprint: string }): string {
  return fingerprint === '' ? '' : ` (${fingerprint})`;
}

/** What to do about one that does not. */
export function fixFor({ kind }: Signature): string {
  return kind === 'unknown-signer'
    ? 'if you know whose it is, add the key to the file that verify names in config.yaml'
    : 'take the commit off the branch, or make it again and sign it with a key that config.yaml trusts';
}
