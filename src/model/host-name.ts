/** A host as every other part may rely on it, or why the text is not one. */
export type ParsedHost =
  | { readonly ok: true; readonly host: string }
  | { readonly ok: false; readonly problem: string };

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_LENGTH = 253;

/**
 * The one reading of a host name that a person or an agent wrote: lower-case A-labels (IDNA, UTS 46), no scheme,
 * user, port, path, address or trailing dot. `wildcard` allows a leading `*.`. The problem is a phrase that follows
 * the name: `"10.0.0.1" is an IP address, …`.
 */
export function parseHost(raw: string, options: { readonly wildcard: boolean }): ParsedHost {
  const problem = problemOfShape(raw);
  if (problem !== null) return { ok: false, problem };
  const starred = raw.startsWith('*.');
  if (raw.includes('*') && !(starred && options.wildcard && !raw.slice(1).includes('*'))) {
    return {
      ok: false,
      problem: options.wildcard
        ? 'may hold a wildcard only as a leading "*."'
        : 'holds a wildcard: name one host exactly',
    };
  }
  const name = toALabels(starred ? raw.slice(2) : raw);
  if (name === null) return { ok: false, problem: 'is not a valid host name' };
  const labels = name.split('.');
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return { ok: false, problem: IP_PROBLEM };
  const host = starred ? `*.${name}` : name;
  if (host.length > MAX_LENGTH) {
    return { ok: false, problem: `is longer than ${MAX_LENGTH} characters` };
  }
  if (!labels.every((label) => LABEL.test(label))) {
    return {
      ok: false,
      problem: 'has a label that is not made of 1 to 63 letters, digits and inner hyphens',
    };
  }
  return { ok: true, host };
}

/**
 * Whether `pattern` stands for all that `host` stands for. `*.example.org` stands for every name below `example.org`
 * and for `*.a.example.org`, not for `example.org` itself.
 */
export function coversHost(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

const IP_PROBLEM = 'is an IP address, and only names can be allowed';

function problemOfShape(raw: string): string | null {
  if (raw === '') return 'is empty';
  if (raw.length > 4 * MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[\p{C}\p{Z}]/u.test(raw)) return 'holds a blank, control or invisible character';
  if (raw.includes('://')) return 'holds a scheme: give the host alone';
  if (raw.includes('@')) return 'holds a user: give the host alone';
  if (raw.startsWith('[') || raw.indexOf(':') !== raw.lastIndexOf(':')) return IP_PROBLEM;
  if (raw.includes(':')) return 'holds a port: give the host alone';
  if (/[/?#\\]/.test(raw)) return 'holds a path: give the host alone';
  if (raw.includes('%')) return 'holds a percent sign';
  if (raw.endsWith('.')) return 'ends in a dot';
  if (raw.startsWith('.') || raw.includes('..')) return 'has an empty label';
  return null;
}

/** UTS 46 by the platform's URL parser, which also refuses broken punycode. Plain ASCII comes back lower-cased. */
function toALabels(name: string): string | null {
  const parsed = URL.parse(`http://${name}/`);
  // A character that IDNA maps to a delimiter would move the border of the host: then the text around it differs.
  if (parsed === null || parsed.pathname !== '/' || parsed.port !== '' || parsed.username !== '') {
    return null;
  }
  return parsed.hostname.replace(/^\[.*\]$/, '0');
}
