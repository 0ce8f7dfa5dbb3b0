import { hostname, userInfo } from 'node:os';

/** Who acts, as it is written into commits: BB_OPERATOR, else this user of this host. */
export function operatorName(environment: { readonly [name: string]: string | undefined }): string {
  return environment['BB_OPERATOR'] ?? `${userName(environment)}@${hostname()}`;
}

/** A container's user may have a number alone. */
function userName(environment: { readonly [name: string]: string | undefined }): string {
  try {
    return userInfo().username;
  } catch {
    return environment['USER'] || `uid-${process.getuid?.() ?? '?'}`;
  }
}
