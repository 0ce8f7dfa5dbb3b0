/** Where a sidecar listens: an address of its own, or a listening socket that whoever started it handed over. */
export type ListenEndpoint =
  | { readonly host: string; readonly port: number }
  | { readonly fd: number };

/**
 * Reads `host:port` or `fd:<n>`. A descriptor is how a sidecar listens in the network namespace of an agent while it
 * runs itself in the host's.
 */
export function listenEndpoint(raw: string | undefined, defaultPort: number): ListenEndpoint {
  if (raw === undefined) return { host: '0.0.0.0', port: defaultPort };
  const descriptor = /^fd:(\d+)$/.exec(raw)?.[1];
  if (descriptor !== undefined) return { fd: Number(descriptor) };
  const colon = raw.lastIndexOf(':');
  return { host: raw.slice(0, colon), port: Number(raw.slice(colon + 1)) };
}

/** Descriptors that an environment speaks of, so that they can be passed on to the program that listens on them. */
export function listenDescriptors(
  environment: Readonly<Record<string, string | undefined>>,
): readonly number[] {
  return ['BB_EGRESS_LISTEN', 'BB_SUPERVISE_LISTEN'].flatMap((name) => {
    const raw = environment[name];
    const endpoint = raw === undefined ? null : listenEndpoint(raw, 0);
    return endpoint !== null && 'fd' in endpoint ? [endpoint.fd] : [];
  });
}
