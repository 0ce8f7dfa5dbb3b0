const WORDS: { readonly [code: string]: readonly [message: string, hint: string] } = {
  ENOSPC: ['no space is left', 'free some space on the disk of the state directory'],
  EDQUOT: ['no space is left for this user', 'free some space on the disk of the state directory'],
  EROFS: [
    'the state directory is on a read-only file system',
    'mount it writable, or set XDG_STATE_HOME to a folder that is',
  ],
};

/** What a full or read-only disk said, and what to do about it, for people; null for any other error. */
export function diskWords(
  error: unknown,
): { readonly message: string; readonly hint: string } | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [message, hint] = WORDS[code] ?? [];
  return message === undefined || hint === undefined ? null : { message, hint };
}
