import { parse } from 'yaml';
import { decodeUtf8 } from './decode-text.ts';
import { parseInstant } from './instant.ts';
import { allowlistSchema } from './schema/allowlist.ts';
import { routesSchema } from './schema/route.ts';
import type { TreeFile } from './tree-file.ts';

export type SetKind = 'routes' | 'allowlists';

/** An entry of a set that names its own end. */
export interface ExpiringGrant {
  /** Of the set, below the desired-state folder. */
  readonly path: string;
  readonly kind: SetKind;
  /** Name of the set; that of an instance when it belongs to one. */
  readonly set: string;
  /** As it is written. */
  readonly host: string;
  readonly endsAtMs: number;
}

/** Every entry with an end in the sets of a commit, whoever refers to them. Skips files that cannot be read. */
export function expiringGrants(files: ReadonlyMap<string, TreeFile>): readonly ExpiringGrant[] {
  return [...files].flatMap(([path, file]) => {
    const [, folder, set = ''] = /^(routes|allowlists)\/([^/]+)\.yaml$/.exec(path) ?? [];
    const kind = folder === 'routes' || folder === 'allowlists' ? folder : null;
    const text = kind === null ? null : decodeUtf8(file.bytes);
    // Most sets name no end: those need not be parsed.
    if (kind === null || text === null || !text.includes('expires')) return [];
    const entries = readSet(kind, parseYaml(text)) ?? [];
    return entries.flatMap(({ host, endsAtMs }) =>
      endsAtMs === null ? [] : [{ path, kind, set, host, endsAtMs }],
    );
  });
}

/** The entries of a set as a file has them, in order; null for what is not a set. */
export function readSet(
  kind: SetKind,
  written: unknown,
): readonly { readonly host: string; readonly endsAtMs: number | null }[] | null {
  const entries =
    kind === 'routes'
      ? routesSchema.safeParse(written).data?.routes
      : allowlistSchema.safeParse(written).data?.hosts;
  if (entries === undefined) return null;
  return entries.map((entry) => {
    if (typeof entry === 'string') return { host: entry, endsAtMs: null };
    return { host: entry.host, endsAtMs: endOf(entry.expires) };
  });
}

function endOf(expires: string | undefined): number | null {
  const end = expires === undefined ? null : parseInstant(expires);
  return end?.ok ? Date.parse(end.value) : null;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { version: '1.2', logLevel: 'error' });
  } catch {
    return null;
  }
}
