import { parseHost } from '../model/host-name.ts';
import type { ProposalRequest } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { LIMITS } from './limits.ts';
import { parsePathPrefix } from './path-prefix.ts';

/** One field that cannot be taken, in words that an agent can act on. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

export type ParsedInput =
  | { readonly ok: true; readonly request: ProposalRequest; readonly justification: string }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

type Report = (field: string, problem: string) => void;

const FIELDS = ['host', 'path_allowlist', 'methods', 'auth', 'justification'];
const SCHEMES = ['Bearer', 'token', 'Basic'] as const;

/** Reads the arguments of `egress-block`; tells every problem at once, and gives the request in one canonical form. */
export function parseEgressBlock(input: unknown): ParsedInput {
  const problems: FieldProblem[] = [];
  const report: Report = (field, problem) => problems.push({ field, problem });
  if (!isRecord(input)) {
    return { ok: false, problems: [{ field: 'arguments', problem: 'must be an object' }] };
  }
  for (const field of Object.keys(input)) {
    if (!FIELDS.includes(field)) {
      report(sanitizeLine(field, 60), `is not a field of this tool: it takes ${FIELDS.join(', ')}`);
    }
  }
  const host = readHost(input['host'], report);
  const pathAllowlist = readPaths(input['path_allowlist'], report);
  const methods = readMethods(input['methods'], report);
  const auth = readAuth(input['auth'], report);
  const justification = readJustification(input['justification'], report);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    request: { tool: 'egress-block', host, pathAllowlist, methods, auth },
    justification,
  };
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

function readAuth(raw: unknown, report: Report): ProposalRequest['auth'] {
  if (raw === undefined || raw === null) return null;
  if (!isRecord(raw)) {
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

function readJustification(raw: unknown, report: Report): string {
  if (typeof raw !== 'string' || raw.trim() === '') {
    report('justification', 'is missing: say in words what this is needed for');
    return '';
  }
  if (raw.length > LIMITS.justificationLength) {
    report('justification', `is longer than ${LIMITS.justificationLength} characters`);
  }
  return raw.toWellFormed();
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

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
