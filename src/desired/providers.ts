import type { ProviderSpec } from '../model/bottle-spec.ts';
import type { RouteAuth } from '../model/egress-route.ts';
import { loginOf, type ProviderLogin } from '../model/providers/provider.ts';
import { KNOWN_PROVIDERS } from '../model/providers/provider-of.ts';
import { parseHost } from './host-name.ts';
import { accepted } from './parsed.ts';
import { resolveAuth } from './route-set.ts';
import type { WrittenAgent } from './schema/agent.ts';

/** A provider as an agent file asks for it. */
export interface Provider {
  readonly spec: ProviderSpec;
  /** Hosts that it cannot do without; its routes own them. */
  readonly hosts: readonly string[];
  readonly auth: RouteAuth | null;
  /** What is wrong with the way the credential is to be sent; null = nothing. */
  readonly authProblem: string | null;
}

/** The provider of an agent, total. Without a secret its hosts are open, and nothing is injected. */
export function resolveProvider(written: WrittenAgent['provider']): Provider {
  if (typeof written === 'string') return resolveProvider({ name: written });
  if ('command' in written) {
    const { command, resume = null, headless = null, session: transcripts = null } = written;
    const { prompt = null, register = null, skills = null, hosts = [] } = written;
    const declared = { command, resume, headless, transcripts, prompt, register, skills };
    return {
      spec: { kind: 'custom', ...declared },
      hosts: [...new Set(hosts.map((host) => accepted(parseHost(host))))],
      auth: written.auth === undefined ? null : resolveAuth(written.auth),
      authProblem: null,
    };
  }
  const auth = written.auth === undefined ? null : resolveAuth(written.auth);
  const { hosts } = KNOWN_PROVIDERS[written.name];
  const logins: readonly ProviderLogin[] = KNOWN_PROVIDERS[written.name].logins;
  const login = loginOf(auth);
  const isKnown = login !== null && logins.includes(login);
  return {
    spec: { kind: written.name, login: isKnown ? login : 'none' },
    hosts,
    auth,
    authProblem: isKnown
      ? null
      : `${written.name} takes ${logins.flatMap((each) => FORMS[each]).join(' or ')}`,
  };
}

const FORMS: { readonly [login in ProviderLogin]: readonly string[] } = {
  none: [],
  bearer: ['{scheme: Bearer, secret: name}'],
  'api-key': ['{header: x-api-key, secret: name}'],
};
