import { reportExpired } from './expiry.ts';
import { parseHost } from './host-name.ts';
import { parseInstant } from './instant.ts';
import { accepted } from './parsed.ts';
import { type Position, type Problems, quote } from './problems.ts';
import type { WrittenAllowlist } from './schema/allowlist.ts';
import type { WrittenFile } from './written-file.ts';

/** An entry of an allowlist, normalised. */
export interface DeclaredHost {
  readonly host: string;
  readonly reason: string | null;
  readonly expires: string | null;
  readonly file: string;
  readonly at: Position;
}

/** Normalises the hosts of a file; reports those given twice. */
export function resolveAllowSet(
  file: WrittenFile<WrittenAllowlist>,
  nowMs: number,
  problems: Problems,
): readonly DeclaredHost[] {
  const hosts = new Map<string, DeclaredHost>();
  for (const [index, written] of file.value.hosts.entries()) {
    const entry = typeof written === 'string' ? { host: written } : written;
    const at = file.locate.value(
      typeof written === 'string' ? ['hosts', index] : ['hosts', index, 'host'],
    );
    const { reason = null, expires } = entry;
    const declared: DeclaredHost = {
      host: accepted(parseHost(entry.host)),
      reason,
      expires: expires === undefined ? null : accepted(parseInstant(expires)),
      file: file.path,
      at,
    };
    const other = hosts.get(declared.host);
    if (other !== undefined) {
      const message = `host ${quote(declared.host)} is already listed in line ${other.at.line}`;
      problems.error({
        code: 'duplicate-host',
        message,
        hint: 'keep one of them',
        file: file.path,
        at,
      });
      continue;
    }
    const expiresAt = { file: file.path, at: file.locate.value(['hosts', index, 'expires']) };
    reportExpired(declared, nowMs, problems, expiresAt);
    hosts.set(declared.host, declared);
  }
  return [...hosts.values()];
}
