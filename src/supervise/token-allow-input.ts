import type { TokenRequest } from '../model/proposal.ts';
import { LIMITS } from './limits.ts';
import { type ParsedInput, parseInput, type Report } from './tool-input.ts';

const FIELDS = ['host', 'method', 'surface', 'found', 'context', 'content'];
const SURFACES = ['head', 'body', 'message'] as const;

/** Reads what egress asks for a request that it holds, in one canonical form. */
export function parseTokenAllow(input: unknown): ParsedInput<TokenRequest> {
  return parseInput(input, FIELDS, (fields, report) => ({
    tool: 'egress-token-allow',
    host: readText('host', fields['host'], /^[a-z0-9_.:-]{1,253}$/, report),
    method: readText('method', fields['method'], /^[A-Z]{1,20}$/, report),
    surface: readSurface(fields['surface'], report),
    found: readFound(fields['found'], report),
    context: readContext(fields['context'], report),
    content: readText('content', fields['content'], /^[a-f0-9]{16}$/, report),
  }));
}

function readSurface(raw: unknown, report: Report): TokenRequest['surface'] {
  const surface = SURFACES.find((known) => known === raw);
  if (surface === undefined) report('surface', `must be one of ${SURFACES.join(', ')}`);
  return surface ?? 'body';
}

function readFound(raw: unknown, report: Report): readonly string[] {
  const found = Array.isArray(raw) ? raw : [];
  const isRead = found.every(
    (each) => typeof each === 'string' && /^[a-z_]{1,32}:[A-Za-z0-9._-]{1,64}$/.test(each),
  );
  if (found.length === 0 || found.length > LIMITS.findings || !isRead) {
    report('found', 'must be a list of detector:rule');
    return [];
  }
  return [...new Set<string>(found)].sort();
}

function readContext(raw: unknown, report: Report): string {
  if (typeof raw === 'string' && raw.length <= LIMITS.contextLength) return raw.toWellFormed();
  report('context', `must be a text of at most ${LIMITS.contextLength} characters`);
  return '';
}

function readText(field: string, raw: unknown, shape: RegExp, report: Report): string {
  if (typeof raw === 'string' && shape.test(raw)) return raw;
  report(field, 'is not valid');
  return '';
}
