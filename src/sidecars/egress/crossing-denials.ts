import type { EgressDenial } from './decide.ts';

/** An inspection rewrote it. */
export const REWRITTEN: EgressDenial = {
  kind: 'deny',
  status: 403,
  reason: 'without what was found in it, the request is one that no route allows',
  try: 'send it without the secret',
};

/** An inspection failed. */
export const NOT_INSPECTED: EgressDenial = {
  kind: 'deny',
  status: 403,
  reason: 'the request could not be looked at, so it is not sent',
  try: 'retry, or tell the operator',
};

/** Nothing could be dialled, or it broke off before it answered. */
export function unreachable(error: Error): EgressDenial {
  const { code = error.name } = error as Error & { readonly code?: string };
  return {
    kind: 'deny',
    status: 502,
    reason: `the upstream could not be reached or its certificate is not trusted (${code})`,
    try: 'retry later, or tell the operator',
  };
}
