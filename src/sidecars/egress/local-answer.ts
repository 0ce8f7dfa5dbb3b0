import type { EgressRequest } from './decide.ts';
import type { TableStatus } from './enforced-table.ts';

export interface LocalAnswer {
  readonly status: 200 | 404 | 405 | 503;
  readonly body: object;
}

/** What `http://_egress.local/` answers: the live table without values, and whether there is one. */
export function localAnswer(request: EgressRequest, status: TableStatus): LocalAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, body: { error: 'method_not_allowed', try: 'GET' } };
  }
  const { state, generation, error } = status;
  switch (request.path) {
    case '/allowlist':
      return { status: 200, body: { generation, state, ...listsOf(status) } };
    case '/healthz':
      return { status: state === 'ready' ? 200 : 503, body: { state, generation, error } };
    default:
      return { status: 404, body: { error: 'not_found', try: '/allowlist or /healthz' } };
  }
}

function listsOf({ routes, allowlist, deny = [] }: TableStatus): object {
  return { routes, allowlist, deny };
}
