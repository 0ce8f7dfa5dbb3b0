import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { issueCertificate } from './certificate.ts';
import type { CertificateAuthority } from './certificate-authority.ts';

const HOUR_MS = 3_600_000;
const LIFETIME_MS = 24 * HOUR_MS;
const RENEW_BEFORE_MS = 6 * HOUR_MS;
/** Clocks of clients are behind by less; one that is set back by more than half of it finds new certificates. */
const VALID_SINCE_MS = 24 * HOUR_MS;
const MAX_HOSTS = 1000;

/** Certificates for the hosts that agents ask for: made on first use, kept, renewed well within the time they are for. */
export class LeafCertificates {
  readonly #authority: CertificateAuthority;
  readonly #key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  readonly #contexts = new Map<
    string,
    { readonly context: SecureContext; readonly madeAtMs: number }
  >();

  constructor(authority: CertificateAuthority) {
    this.#authority = authority;
  }

  contextFor(host: string, nowMs: number): SecureContext {
    const known = this.#contexts.get(host);
    if (known !== undefined && isFresh(nowMs - known.madeAtMs)) return known.context;
    const context = createSecureContext({
      key: this.#key.export({ type: 'pkcs8', format: 'pem' }),
      cert: this.#issue(host, nowMs),
    });
    if (this.#contexts.size >= MAX_HOSTS) this.#forgetOldest();
    this.#contexts.delete(host);
    this.#contexts.set(host, { context, madeAtMs: nowMs });
    return context;
  }

  #issue(host: string, nowMs: number): string {
    return issueCertificate({
      subject: host,
      issuer: this.#authority.subject,
      host,
      publicKey: createPublicKey(this.#key),
      issuerKey: this.#authority.key,
      notBeforeMs: nowMs - VALID_SINCE_MS,
      notAfterMs: nowMs + LIFETIME_MS,
    });
  }

  #forgetOldest(): void {
    const oldest = this.#contexts.keys().next();
    if (oldest.done !== true) this.#contexts.delete(oldest.value);
  }
}

/** Of negative age is what was made before the clock was set back. */
function isFresh(ageMs: number): boolean {
  return ageMs < LIFETIME_MS - RENEW_BEFORE_MS && ageMs > -VALID_SINCE_MS / 2;
}
