import { type Parsed, refuse } from './parsed.ts';
import { quote } from './problems.ts';

/** `ssh://`, `https://` or `git@host:path` without a password: what git-gate can stand in front of. */
export function parseGitUrl(raw: string): Parsed<string> {
  const isPlain = /^[!-~]{1,1024}$/.test(raw) && !/[\\"'`$;|<>{}?#]/.test(raw);
  const isUrl = /^(?:ssh|https):\/\/[A-Za-z0-9[][^/]*\/./.test(raw) && URL.canParse(raw);
  const isShort = /^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^/].*$/.test(raw);
  if (!isPlain || !(isUrl || isShort)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} is not a git URL`,
      'e.g. ssh://git@git.example:22/me/site.git',
    );
  }
  if (/(?:^|[/:])\.\.?(?:\/|$)|%2e/i.test(raw)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} has "." or ".." segments`,
      'write the path in full',
    );
  }
  if (isUrl && new URL(raw).password !== '') {
    return refuse(
      'invalid-value',
      'a git URL holds a password',
      'name a secret: key: {secret: name}',
    );
  }
  return { ok: true, value: raw };
}

/** True when the host's agent needs the server's key pinned. */
export function isSshUrl(url: string): boolean {
  return !url.startsWith('https://');
}

/** True when `url` is `prefix` or lies below it at a segment border. */
export function isBelowGitUrl(url: string, prefix: string): boolean {
  if (prefix === '' || !url.startsWith(prefix)) return false;
  const next = url[prefix.length];
  return prefix.endsWith('/') || next === undefined || next === '/';
}
