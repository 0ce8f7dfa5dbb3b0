import { parseHost } from '../../desired/host-name.ts';
import { parseAuthority } from '../../sidecars/egress/authority.ts';
import { DEFAULT_PORT, type EgressRequest } from '../../sidecars/egress/decide.ts';
import { parseTarget } from '../../sidecars/egress/request-path.ts';

export type AskedRequest =
  | { readonly ok: true; readonly request: EgressRequest }
  | { readonly ok: false; readonly problem: string };

const NO_HEADERS: EgressRequest['headers'] = new Map();

/** The request that a person means by `api.example.com`, `api.example.com/v1/x` or a URL; without a scheme it is https. */
export function askedRequest(raw: string, method: string): AskedRequest {
  if (!/^[A-Z]{1,32}$/.test(method)) return refuse(`"${method}" is not a method`);
  const [, written = 'https', place = '', rest = ''] =
    /^(?:(https?):\/\/)?([^/?#]*)([^#]*)/i.exec(raw) ?? [];
  const scheme = written.toLowerCase() === 'http' ? 'http' : 'https';
  const [, name = place, port = ''] = /^(.*?)(:\d+)$/.exec(place) ?? [];
  const host = parseHost(name);
  const authority = parseAuthority(`${host.ok ? host.value : name}${port}`, DEFAULT_PORT[scheme]);
  if (authority === null) return refuse(host.ok ? `"${place}" is not a host` : host.message);
  const target = parseTarget(rest.startsWith('/') ? rest : `/${rest}`);
  if (!target.ok) return refuse(target.problem);
  const { path, query } = target;
  return { ok: true, request: { scheme, authority, method, path, query, headers: NO_HEADERS } };
}

function refuse(problem: string): AskedRequest {
  return { ok: false, problem };
}
