import type { RouteDlp } from '../../../../src/model/egress-route.ts';
import type { Finding } from '../../../../src/sidecars/egress/dlp/finding.ts';
import { KnownSecrets } from '../../../../src/sidecars/egress/dlp/known-secrets.ts';
import { layerOf } from '../../../../src/sidecars/egress/dlp/normalise.ts';
import { Scanner } from '../../../../src/sidecars/egress/dlp/scanner.ts';

/** A scanner that knows these values by these names. */
export function scannerOf(values: { readonly [name: string]: string }): Scanner {
  const secrets = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { version: '1', value }]),
  );
  return new Scanner(new KnownSecrets(secrets));
}

const EVERYTHING: RouteDlp['outbound'] = ['token_patterns', 'known_secrets', 'entropy'];

export function findings(
  scanner: Scanner,
  sent: string | Buffer,
  outbound = EVERYTHING,
): Promise<readonly Finding[]> {
  const layer = typeof sent === 'string' ? { text: sent, isBytes: false } : layerOf(sent);
  return scanner.scan(layer, outbound, new AbortController().signal);
}

/** `known_secrets api`, once each, hints left out. */
export async function found(scanner: Scanner, sent: string | Buffer): Promise<readonly string[]> {
  const all = await findings(scanner, sent, ['token_patterns', 'known_secrets']);
  return [...new Set(all.map(({ detector, rule }) => `${detector} ${rule}`))];
}
