import { StoreError } from '../ports/fleet-store.ts';

/** Gives a function that rethrows what the file system said about writing `path`, with what to do about it. */
export function storeError(path: string): (error: unknown) => never {
  return (error) => {
    throw new StoreError({ ...describe(path, codeOf(error)), cause: error });
  };
}

function describe(path: string, code: string) {
  switch (code) {
    case 'EROFS':
      return {
        kind: 'read-only',
        message: `cannot write ${path}: the file system is read-only`,
        hint: 'mount it writable, or set XDG_STATE_HOME to a folder that is',
      } as const;
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        kind: 'disk-full',
        message: `cannot write ${path}: no space is left`,
        hint: 'free some space; the controller goes on by itself',
      } as const;
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'no-permission',
        message: `cannot write ${path}: permission denied`,
        hint: 'the state directory must belong to the user that runs bb',
      } as const;
    default:
      return {
        kind: 'failed',
        message: `cannot write ${path}: ${code}`,
        hint: 'check the folder and its file system',
      } as const;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
