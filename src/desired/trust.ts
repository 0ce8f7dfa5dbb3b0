import { didYouMean } from '../model/did-you-mean.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import { isBelowGitUrl } from './git-url.ts';
import { hostCovers } from './host-name.ts';
import { type Position, type Problems, quote } from './problems.ts';

/** What a commit is judged by beside itself: the host's side of the trust boundary, and the time. */
export interface Trust {
  readonly host: HostPolicy;
  readonly nowMs: number;
}

interface Place {
  readonly file: string;
  readonly at: Position;
}

/** Reports a credential that the host does not know, or does not grant to each of these hosts. */
export function checkSecret(
  use: { readonly secret: string; readonly hosts: readonly string[] },
  trust: Trust,
  problems: Problems,
  place: Place,
): void {
  const grant = grantOf(use.secret, trust, problems, place);
  for (const host of grant === null ? [] : use.hosts) {
    if (grant?.hosts.some((pattern) => hostCovers(pattern.toLowerCase(), host)) === true) continue;
    const message = `secret ${quote(use.secret)} may not be sent to ${quote(host)}`;
    const hint = `add the host to its "hosts" in secrets.yaml of this machine`;
    problems.error({ code: 'secret-off-list', message, hint, ...place });
  }
}

/** Reports a git key that the host does not know, or does not grant to this URL. */
export function checkGitSecret(
  use: { readonly secret: string; readonly url: string },
  trust: Trust,
  problems: Problems,
  place: Place,
): void {
  const grant = grantOf(use.secret, trust, problems, place);
  if (grant === null || grant.gitUrls.some((prefix) => isBelowGitUrl(use.url, prefix))) return;
  const message = `secret ${quote(use.secret)} may not be used for ${quote(use.url)}`;
  const hint = `add the URL to its "gitUrls" in secrets.yaml of this machine`;
  problems.error({ code: 'secret-off-list', message, hint, ...place });
}

/** Reports a variable of the host that bottles may not read. */
export function checkHostVariable(
  variable: string,
  trust: Trust,
  problems: Problems,
  place: Place,
): void {
  if (trust.host.envAllowed.includes(variable)) return;
  const message = `${quote(variable)} of the host may not be read`;
  const hint = 'list it under "envAllowed" in config.yaml of this machine';
  problems.error({ code: 'env-not-allowed', message, hint, ...place });
}

/** Reports a root file system that the host has none of this name of. */
export function checkRootfs(name: string, trust: Trust, problems: Problems, place: Place): void {
  const { rootfs } = trust.host;
  if (rootfs.includes(name)) return;
  const meant = didYouMean(name, rootfs);
  const hint =
    meant === undefined
      ? 'name a folder under "images.rootfs" in config.yaml of this machine'
      : `did you mean "${meant}"?`;
  const message = `this machine has no root file system ${quote(name)}`;
  problems.error({ code: 'unknown-reference', message, hint, ...place });
}

function grantOf(
  secret: string,
  trust: Trust,
  problems: Problems,
  place: Place,
): HostPolicy['secrets'][string] | null {
  const { secrets } = trust.host;
  if (Object.hasOwn(secrets, secret)) return secrets[secret] ?? null;
  const meant = didYouMean(secret, Object.keys(secrets));
  const hint =
    meant === undefined ? 'declare it in secrets.yaml of this machine' : `did you mean "${meant}"?`;
  problems.error({
    code: 'unknown-secret',
    message: `there is no secret ${quote(secret)}`,
    hint,
    ...place,
  });
  return null;
}
