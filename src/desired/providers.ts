import type { ProviderSpec } from '../model/bottle-spec.ts';
import type { RouteAuth } from '../model/egress-route.ts';
import { parseHost } from './host-name.ts';
import { accepted } from './parsed.ts';
import { resolveAuth } from './route-set.ts';
import type { WrittenAgent } from './schema/agent.ts';

/** Hosts that a provider's program cannot do without; its routes own them. */
const OWN_HOSTS: { readonly [name in 'claude' | 'codex']: readonly string[] } = {
  claude: ['api.anthropic.com'],
  codex: ['api.openai.com', 'chatgpt.com'],
};

/** A provider as an agent file asks for it. */
export interface Provider {
  readonly spec: ProviderSpec;
  readonly hosts: readonly string[];
  readonly auth: RouteAuth | null;
}

/** The provider of an agent, total. Without a secret its hosts are open, and nothing is injected. */
export function resolveProvider(written: WrittenAgent['provider']): Provider {
  if (typeof written === 'string')
    return { spec: { kind: written }, hosts: OWN_HOSTS[written], auth: null };
  if ('command' in written) {
    const { command, resume = null, headless = null, hosts = [] } = written;
    const spec = { kind: 'custom', command, resume, headless } as const;
    return {
      spec,
      hosts: [...new Set(hosts.map((host) => accepted(parseHost(host))))],
      auth: null,
    };
  }
  const auth = written.auth === undefined ? null : resolveAuth(written.auth);
  return { spec: { kind: written.name }, hosts: OWN_HOSTS[written.name], auth };
}
