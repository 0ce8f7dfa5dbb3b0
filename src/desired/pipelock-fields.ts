import type { WrittenBottle } from './schema/bottle.ts';

type Extra = NonNullable<NonNullable<WrittenBottle['pipelock']>['extra']>;

/**
 * Fields of `pipelock.yaml` that make it a gate, or open another way into it. bb sets them (`renderPipelockConfig`) or
 * leaves them out; a commit cannot.
 */
const GUARDED: readonly (readonly string[])[] = [
  ['version'],
  ['mode'],
  ['enforce'],
  ['explain_blocks'],
  ['api_allowlist'],
  ['trusted_domains'],
  ['ssrf'],
  ['tls_interception'],
  ['logging'],
  ['metrics_listen'],
  ['scan_api'],
  ['reverse_proxy'],
  ['fetch_proxy', 'listen'],
  ['forward_proxy', 'enabled'],
  ['forward_proxy', 'sni_verification'],
];

/** Paths in `extra` that are bb's alone. */
export function guardedFields(extra: Extra): readonly (readonly string[])[] {
  return GUARDED.filter((path) => has(extra, path));
}

function has(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
  return has((value as { readonly [key: string]: unknown })[key], rest);
}
