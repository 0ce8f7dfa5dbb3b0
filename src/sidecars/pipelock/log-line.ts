import { type Fingerprint, parseFingerprint } from '../../model/names.ts';

/** What a line of the program's log means to bb. Everything else it says is only passed on. */
export type PipelockEvent =
  /** It read its configuration. It does not listen yet. */
  | {
      readonly kind: 'started';
      readonly version: string | null;
      readonly configHash: Fingerprint | null;
    }
  /** A new configuration is in force; the hash is the sha256 of the file. */
  | { readonly kind: 'reloaded'; readonly configHash: Fingerprint | null }
  /** It keeps the old one. In strict mode it refuses whatever it takes for a downgrade: only a new start helps. */
  | { readonly kind: 'reload-refused'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly target: string | null; readonly scanner: string | null };

/** Reads a line of `logging: {format: json}` of pipelock 2.x; null for what bb has no use for, and for anything else. */
export function parsePipelockLine(line: string): PipelockEvent | null {
  const entry = parseEntry(line);
  if (entry?.['component'] !== 'pipelock') return null;
  switch (entry['event']) {
    case 'startup':
      return { kind: 'started', version: text(entry['version']), configHash: hashOf(entry) };
    case 'config_reload':
      return entry['status'] === 'success'
        ? { kind: 'reloaded', configHash: hashOf(entry) }
        : { kind: 'reload-refused', reason: text(entry['detail']) ?? 'it does not say why' };
    case 'error':
      return entry['method'] === 'CONFIG_RELOAD'
        ? { kind: 'reload-refused', reason: text(entry['error']) ?? 'it does not say why' }
        : null;
    case 'blocked':
      return {
        kind: 'blocked',
        target: text(entry['target']) ?? text(entry['url']),
        scanner: text(entry['scanner']),
      };
    case 'body_dlp':
    case 'header_dlp':
      return entry['action'] === 'block'
        ? { kind: 'blocked', target: text(entry['url']), scanner: 'dlp' }
        : null;
    default:
      return null;
  }
}

function parseEntry(line: string): { readonly [key: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function hashOf(entry: { readonly [key: string]: unknown }): Fingerprint | null {
  return parseFingerprint(text(entry['config_hash']) ?? '') ?? null;
}
