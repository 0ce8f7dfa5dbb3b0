import type { ProviderSpec } from '../bottle-spec.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { custom } from './custom.ts';
import type { Provider, ProviderLogin } from './provider.ts';

/** Providers that need no description, and the hosts that each cannot do without; its routes own them. */
export const KNOWN_PROVIDERS = {
  claude: { provider: claude, hosts: ['api.anthropic.com'], logins: ['none', 'bearer', 'api-key'] },
  codex: { provider: codex, hosts: ['api.openai.com', 'chatgpt.com'], logins: ['none', 'bearer'] },
} as const satisfies {
  readonly [name: string]: {
    readonly provider: Provider;
    readonly hosts: readonly string[];
    readonly logins: readonly ProviderLogin[];
  };
};

export type KnownProvider = keyof typeof KNOWN_PROVIDERS;

/** The provider that a bottle's specification names. */
export function providerOf(spec: ProviderSpec): Provider {
  return spec.kind === 'custom' ? custom(spec) : KNOWN_PROVIDERS[spec.kind].provider;
}

/** How the program believes to be signed in: a program of its own kind is told nothing. */
export function providerLogin(spec: ProviderSpec): ProviderLogin {
  return spec.kind === 'custom' ? 'none' : spec.login;
}
