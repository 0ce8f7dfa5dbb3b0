import { EGRESS_PORT } from '../../model/sidecar.ts';
import { AGENT_JAVA_STORE } from '../../model/state-layout.ts';

/**
 * What makes every Java ask the proxy and trust the bottle's certificate: it reads neither the variables that other
 * programs do nor PEM. `direct` are the hosts that it asks by itself.
 */
export function javaOptions(direct: readonly string[]): string {
  const properties = {
    'http.proxyHost': 'egress',
    'http.proxyPort': String(EGRESS_PORT),
    'https.proxyHost': 'egress',
    'https.proxyPort': String(EGRESS_PORT),
    'http.nonProxyHosts': direct.map((host) => (host === '::1' ? '[::1]' : host)).join('|'),
    'javax.net.ssl.trustStore': AGENT_JAVA_STORE,
    'javax.net.ssl.trustStoreType': 'JKS',
  };
  return Object.entries(properties)
    .map(([name, value]) => `-D${name}=${value}`)
    .join(' ');
}
