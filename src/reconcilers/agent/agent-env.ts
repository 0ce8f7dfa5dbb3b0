import { assertNever } from '../../model/assert-never.ts';
import type { BottleSpec } from '../../model/bottle-spec.ts';
import type { ContainerSpec } from '../../model/component.ts';
import type { BottleName } from '../../model/names.ts';
import { providerLogin, providerOf } from '../../model/providers/provider-of.ts';
import { EGRESS_PORT } from '../../model/sidecar.ts';
import { AGENT_PROGRAMS, AGENT_TRUST_PATH } from '../../model/state-layout.ts';
import { javaOptions } from './java-options.ts';

/** A search path for any image: a container has one, its own or this. */
const PATH_WITH_PROGRAMS = [
  ...[`${AGENT_PROGRAMS}/bin`, '/opt/node/bin', '/usr/local/sbin', '/usr/local/bin'],
  ...['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
].join(':');

/** What the sidecars are called inside a bottle. */
export const SIDECAR_HOSTS = ['egress', 'supervise', 'git-gate'] as const;

const TRUST_VARIABLES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'PIP_CERT',
  'CODEX_CA_CERTIFICATE',
];

/**
 * The agent's environment: what its program needs, what the operator declared, then what the guard needs, which nobody
 * can override.
 * Values from the host are only named.
 */
export function agentEnv(
  bottle: BottleName,
  { env: declared, provider }: Pick<BottleSpec, 'env' | 'provider'>,
  place: {
    /** Address of the sidecars; null where they have none of their own. */
    readonly sidecars: string | null;
    /** The host's folder of agent programs is seen in it. */
    readonly hasPrograms: boolean;
  },
): Pick<ContainerSpec, 'env' | 'lateEnv'> {
  const guard = guardEnv(bottle, place.sidecars);
  const env: Record<string, string> = {
    ...(place.hasPrograms ? { PATH: PATH_WITH_PROGRAMS } : {}),
    ...providerOf(provider).env(providerLogin(provider)),
  };
  const lateEnv: Record<string, ContainerSpec['lateEnv'][string]> = {};
  for (const [name, value] of Object.entries(declared)) {
    if (Object.hasOwn(guard, name)) continue;
    switch (value.kind) {
      case 'literal':
        env[name] = value.value;
        break;
      case 'from-host':
        lateEnv[name] = value;
        break;
      case 'ask':
        break;
      default:
        assertNever(value);
    }
  }
  return { env: { ...env, ...guard, ...withOwn(guard, declared) }, lateEnv };
}

/** Options of Java are a list: what an operator adds stays, and ours is what holds. */
function withOwn(
  { JAVA_TOOL_OPTIONS: ours = '' }: { readonly [name: string]: string },
  { JAVA_TOOL_OPTIONS: own }: BottleSpec['env'],
): { readonly [name: string]: string } {
  return own?.kind === 'literal' ? { JAVA_TOOL_OPTIONS: `${own.value} ${ours}` } : {};
}

/** Questions of an environment: they need a person, so a reconcile cannot create such a bottle. */
export function askedVariables(declared: BottleSpec['env']): readonly string[] {
  return Object.keys(declared)
    .filter((name) => declared[name]?.kind === 'ask')
    .sort();
}

function guardEnv(
  bottle: BottleName,
  sidecarsAddress: string | null,
): { readonly [name: string]: string } {
  const proxy = `http://egress:${EGRESS_PORT}`;
  const direct = ['localhost', '127.0.0.1', '::1', ...SIDECAR_HOSTS, sidecarsAddress];
  const hosts = direct.filter((host) => host !== null);
  const noProxy = hosts.join(',');
  const ca = `${AGENT_TRUST_PATH}/ca.pem`;
  return {
    ...Object.fromEntries(
      ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
        [name, proxy],
        [name.toLowerCase(), proxy],
      ]),
    ),
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    ...Object.fromEntries(TRUST_VARIABLES.map((name) => [name, ca])),
    NODE_USE_ENV_PROXY: '1',
    JAVA_TOOL_OPTIONS: javaOptions(hosts),
    IS_SANDBOX: '1',
    BB_BOTTLE: bottle,
  };
}
