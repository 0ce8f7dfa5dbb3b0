import { homedir } from 'node:os';

/** The home of whoever runs us: HOME, else what the system knows, which of a container's user may be nothing. */
export function homeFolder(environment: { readonly [name: string]: string | undefined }): string {
  return environment['HOME'] || knownHome() || '/';
}

function knownHome(): string | null {
  try {
    return homedir();
  } catch {
    return null;
  }
}
