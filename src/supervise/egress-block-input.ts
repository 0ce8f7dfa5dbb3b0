import { parseHost } from '../model/host-name.ts';
import type { EgressRequest } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { LIMITS } from './limits.ts';
import { parsePathPrefix } from './path-prefix.ts';
import { isFields, type ParsedInput, parseInput, type Report } from './tool-input.ts';

const FIELDS = ['host', 'path_allowlist', 'methods', 'auth'];
const SCHEMES = ['Bearer', 'token', 'Basic'] as const;

/** Reads the arguments of `egress-block`; tells every problem at once, and gives the request in one canonical form. */
export function parseEgressBlock(input: unknown): ParsedInput<EgressRequest> {
  return parseInput(input, FIELDS, (fields, report) => ({
    tool: 'egress-block',
    host: readHost(fields['host'], report),
    pathAllowlist: readPaths(fields['path_allowlist'], report),
    methods: readMethods(fields['methods'], report),
    auth: readAuth(fields['auth'], report),
  }));
}

function readHost(raw: unknown, report: Report): string {
  if (raw === undefined) report('host', 'is missing: name the host that was refused');
  else if (typeof raw !== 'string') report('host', 'must be a string');
  else {
    const parsed = parseHost(raw, { wildcard: false });
    if (parsed.ok) return parsed.host;
    report('host', `"${sanitizeLine(raw, 80)}" ${parsed.problem}`);
  }
  return '';
}

function readPaths(raw: unknown, report: Report): readonly string[] {
  const paths = readStrings('path_allowlist', raw, LIMITS.paths, report).flatMap((written) => {
    const parsed = parsePathPrefix(written);
    if (parsed.ok) return [parsed.path];
    report('path_allowlist', `"${sanitizeLine(written, 80)}" ${parsed.problem}`);
    return [];
  });
  return [...new Set(paths)];
}

function readMethods(raw: unknown, report: Report): readonly string[] {
  const methods = readStrings('methods', raw, LIMITS.methods, report).map((method) =>
    method.toUpperCase(),
  );
  for (const method of methods) {
    if (!/^[A-Z]{1,20}$/.test(method) || method === 'CONNECT' || method === 'TRACE') {
      report('methods', `"${sanitizeLine(method, 40)}" is not a method that can be allowed`);
    }
  }
  return [...new Set(methods)];
}

function readAuth(raw: unknown, report: Report): EgressRequest['auth'] {
  if (raw === undefined || raw === null) return null;
  if (!isFields(raw)) {
    report('auth', 'must be an object {scheme, secret}');
    return null;
  }
  for (const field of Object.keys(raw)) {
    if (field !== 'scheme' && field !== 'secret') {
      report(`auth.${sanitizeLine(field, 60)}`, 'is not a field: auth takes scheme and secret');
    }
  }
  const scheme = SCHEMES.find((known) => known === raw['scheme']);
  if (scheme === undefined) report('auth.scheme', `must be one of ${SCHEMES.join(', ')}`);
  const secret = raw['secret'];
  const named =
    typeof secret === 'string' && /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(secret);
  if (!named || secret.length > LIMITS.secretLength) {
    report('auth.secret', 'must be the name of a secret that the host knows, never its value');
    return null;
  }
  return scheme === undefined ? null : { scheme, secret };
}

function readStrings(field: string, raw: unknown, max: number, report: Report): readonly string[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw) || !raw.every((item) => typeof item === 'string')) {
    report(field, 'must be a list of strings');
    return [];
  }
  if (raw.length > max) {
    report(field, `has more than ${max} entries`);
    return [];
  }
  return raw;
}
