import { parseHost } from '../model/host-name.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { LIMITS } from './limits.ts';
import { type ParsedInput, parseInput, type Report } from './tool-input.ts';

/** Reads the arguments of `pipelock-block`: the URL is kept as it was given, its host is what is asked for. */
export function parsePipelockBlock(input: unknown): ParsedInput {
  return parseInput(input, ['failed_url'], (fields, report) => ({
    tool: 'pipelock-block',
    ...readUrl(fields['failed_url'], report),
  }));
}

function readUrl(raw: unknown, report: Report): { failedUrl: string; host: string } {
  const nothing = { failedUrl: '', host: '' };
  if (raw === undefined) report('failed_url', 'is missing: give the whole URL that was refused');
  else if (typeof raw !== 'string') report('failed_url', 'must be a string');
  else if (raw.length > LIMITS.urlLength) {
    report('failed_url', `is longer than ${LIMITS.urlLength} characters`);
  } else {
    const read = hostOf(raw);
    if (read.ok) return { failedUrl: raw.toWellFormed(), host: read.host };
    report('failed_url', `"${sanitizeLine(raw, 120)}" ${read.problem}`);
  }
  return nothing;
}

type HostOfUrl =
  | { readonly ok: true; readonly host: string }
  | { readonly ok: false; readonly problem: string };

function hostOf(raw: string): HostOfUrl {
  const no = (problem: string): HostOfUrl => ({ ok: false, problem });
  const written = /^(https?):\/\/([^/?#\\]*)/i.exec(raw);
  if (raw.includes('\\')) return no('holds a backslash, which programs read in two ways');
  if (/[\p{C}\p{Z}]/u.test(raw)) return no('holds a blank, control or invisible character');
  if (written === null) return no('must begin with http:// or https:// and a host');
  const url = URL.parse(raw);
  if (url === null) return no('is not a valid URL');
  if (url.username !== '' || url.password !== '') return no('holds a user or password');
  if (url.port !== '')
    return no(`names port ${url.port}: only the port of its scheme can be opened`);
  // The host as it is written: the URL parser would also read addresses and invisible characters into names.
  const [, , authority = ''] = written;
  return parseHost(authority.replace(/:(?:80|443)?$/, ''), { wildcard: false });
}
