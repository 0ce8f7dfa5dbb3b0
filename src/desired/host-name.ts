import { domainToASCII } from 'node:url';
import { parseIpv4 } from './cidr.ts';
import { type Parsed, refuse } from './parsed.ts';
import { quote } from './problems.ts';

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Normalises a host to what egress compares: lower-case A-labels, optionally behind `*.`. One spelling per host, so
 * that duplicates are found and nothing is let through under a second name.
 */
export function parseHost(raw: string): Parsed<string> {
  const wildcard = raw.startsWith('*.');
  const name = wildcard ? raw.slice(2) : raw;
  const problem = spellingProblem(raw, name);
  if (problem !== null) return problem;
  const ascii = toAscii(name);
  const labels = ascii.split('.');
  if (ascii.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return refuse(
      'invalid-host',
      `${quote(raw)} is not a host name`,
      'write it like "api.example.com"',
    );
  }
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    if (!wildcard && parseIpv4(ascii) !== null) return { ok: true, value: ascii };
    return refuse(
      'invalid-host',
      `${quote(raw)} is not an address in plain notation`,
      'write it like "192.0.2.7"',
    );
  }
  if (wildcard && labels.length < 2) {
    return refuse(
      'invalid-host',
      `${quote(raw)} opens a whole top-level domain`,
      'name the domain: "*.example.com"',
    );
  }
  return { ok: true, value: wildcard ? `*.${ascii}` : ascii };
}

/** True when everything that `host` stands for is also matched by `pattern`. A wildcard never covers its apex. */
export function hostCovers(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (!pattern.startsWith('*.')) return false;
  const name = host.startsWith('*.') ? host.slice(2) : host;
  return name.endsWith(pattern.slice(1));
}

function spellingProblem(raw: string, name: string): (Parsed<never> & { ok: false }) | null {
  if (name === '') return refuse('invalid-host', 'a host is empty', 'name the host');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(raw)) {
    return refuse(
      'invalid-host',
      `${quote(raw)} has a scheme`,
      'write the host alone, without "https://"',
    );
  }
  if (name.includes('*')) {
    return refuse(
      'invalid-host',
      `${quote(raw)} has a wildcard in the middle`,
      'only a leading "*." is allowed',
    );
  }
  if (/^[0-9a-f.:]+\/\d+$/i.test(raw)) {
    return refuse('invalid-host', `${quote(raw)} is an address range`, 'list hosts by name');
  }
  if (raw.includes('/')) {
    return refuse(
      'invalid-host',
      `${quote(raw)} has a path`,
      'paths belong in a route: paths: [/v1/]',
    );
  }
  if (/^[^:]+:\d+$/.test(raw)) {
    return refuse(
      'invalid-host',
      `${quote(raw)} has a port`,
      'ports belong in a route: ports: [8443]',
    );
  }
  if (raw.endsWith('.'))
    return refuse('invalid-host', `${quote(raw)} ends in a dot`, 'leave the dot out');
  return null;
}

function toAscii(name: string): string {
  // Only for names that need it: `domainToASCII` also decodes percent signs and rewrites numbers to addresses.
  const lower = name.toLowerCase();
  const isPlain = /^[a-z0-9._-]+$/.test(lower);
  if (isPlain && !/(?:^|\.)xn--/.test(lower)) return lower;
  return /[\s%:@?#[\]\\<>^|]/.test(name) ? '' : domainToASCII(name.normalize('NFC'));
}
