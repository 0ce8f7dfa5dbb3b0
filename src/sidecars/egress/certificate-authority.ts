import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFileAtomically } from '../atomic-file.ts';
import { issueCertificate } from './certificate.ts';

/** The authority of one bottle: agents trust `certPem`, leaf certificates are signed with `key`. */
export interface CertificateAuthority {
  readonly certPem: string;
  readonly key: KeyObject;
  readonly subject: string;
}

/**
 * Loads the authority from the sidecar's state, or makes it: at the first start, near its end, and where it is not valid
 * yet. The key file is only readable by its
 * owner and never leaves the state folder; the public certificate is published in `outFolder` each time.
 */
export function ensureCertificateAuthority(
  stateFolder: string,
  outFolder: string,
  nowMs: number,
): CertificateAuthority {
  const authority = load(stateFolder, nowMs) ?? create(stateFolder, nowMs);
  writeFileAtomically(`${outFolder}/ca.pem`, authority.certPem);
  return authority;
}

const DAY_MS = 86_400_000;
const SUBJECT = 'bb bottle authority';

function load(stateFolder: string, nowMs: number): CertificateAuthority | null {
  try {
    const key = createPrivateKey(readFileSync(`${stateFolder}/ca-key.pem`));
    const certPem = readFileSync(`${stateFolder}/ca-cert.pem`, 'utf8');
    const cert = new X509Certificate(certPem);
    const hasTime = Date.parse(cert.validTo) > nowMs + 7 * DAY_MS;
    // Made while the clock was ahead: until the clock gets there, no agent takes what it signs.
    const hasBegun = Date.parse(cert.validFrom) <= nowMs;
    return cert.checkPrivateKey(key) && hasTime && hasBegun
      ? { certPem, key, subject: SUBJECT }
      : null;
  } catch {
    return null;
  }
}

function create(stateFolder: string, nowMs: number): CertificateAuthority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certPem = issueCertificate({
    subject: SUBJECT,
    issuer: SUBJECT,
    host: null,
    publicKey: createPublicKey(privateKey),
    issuerKey: privateKey,
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + 3650 * DAY_MS,
  });
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileAtomically(`${stateFolder}/ca-key.pem`, keyPem.toString(), 0o600);
  writeFileAtomically(`${stateFolder}/ca-cert.pem`, certPem);
  return { certPem, key: privateKey, subject: SUBJECT };
}
