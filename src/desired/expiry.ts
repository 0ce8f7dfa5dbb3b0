import { type Position, type Problems, quote } from './problems.ts';

/** Warns of what is no longer in force; it stays in the resolved state, where egress honours its end. */
export function reportExpired(
  grant: { readonly host: string; readonly expires: string | null },
  nowMs: number,
  problems: Problems,
  place: { readonly file: string; readonly at: Position },
): void {
  if (grant.expires === null || Date.parse(grant.expires) > nowMs) return;
  const message = `the grant of ${quote(grant.host)} ended at ${grant.expires}`;
  problems.warning({
    code: 'expired',
    message,
    hint: 'remove it or give it a later end',
    ...place,
  });
}
