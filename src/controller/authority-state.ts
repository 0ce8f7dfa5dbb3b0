import { X509Certificate } from 'node:crypto';

/**
 * What is wrong with the authority of a bottle at this instant, as the state of its egress; null where agents can trust
 * it. One that was made while the clock was ahead signs nothing that an agent takes until the clock gets there.
 */
export function authorityState(caPem: string, nowMs: number): 'not-valid-yet' | 'expired' | null {
  if (!caPem.startsWith('-----BEGIN CERTIFICATE-----')) return null;
  try {
    const { validFrom, validTo } = new X509Certificate(caPem);
    if (Date.parse(validFrom) > nowMs) return 'not-valid-yet';
    return Date.parse(validTo) < nowMs ? 'expired' : null;
  } catch {
    return null;
  }
}
