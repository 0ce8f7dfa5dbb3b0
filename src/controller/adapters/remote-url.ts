import { type Parsed, refuse } from '../../desired/parsed.ts';
import { quote } from '../../desired/problems.ts';

/** True for what git would reach over a transport, false for a folder of this machine. */
export function isRemote(raw: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(raw) || SHORT.test(raw);
}

/** `user@host:path`, as ssh has it. */
const SHORT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^/].*$/;
const SCHEMES = ['https:', 'http:', 'ssh:', 'git:', 'file:'];

/** The URL of a repository that can be followed: no transport that runs a program, no password in it. */
export function parseRemoteUrl(raw: string): Parsed<string> {
  const isPlain = /^[!-~]{1,1024}$/.test(raw) && !/[\\"'`$;|<>{}?#]/.test(raw);
  if (isPlain && SHORT.test(raw)) return { ok: true, value: raw };
  if (!isPlain || !URL.canParse(raw) || !SCHEMES.includes(new URL(raw).protocol)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} is not a repository that can be followed`,
      'a path, or a URL with https, ssh, git, http or file',
    );
  }
  if (new URL(raw).password === '') return { ok: true, value: raw };
  return refuse(
    'invalid-value',
    'the URL of source.repository holds a password',
    'name a secret instead: credential: {username: olga, secret: fleet-remote}',
  );
}

/** Why a credential must not be sent to this URL; null when it may. */
export function credentialObjection(url: string): string | null {
  const scheme = isRemote(url) && URL.canParse(url) ? new URL(url).protocol : 'ssh:';
  if (scheme === 'https:') return null;
  if (scheme !== 'http:') return 'a credential is for https; ssh uses the keys of this user';
  const { hostname } = new URL(url);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  return isLoopback ? null : 'a credential would cross the network unencrypted: use https';
}
