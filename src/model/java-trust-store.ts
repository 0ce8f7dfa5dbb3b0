import { createHash } from 'node:crypto';

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED = 2;
/** Java's own, which everybody knows: it keeps nothing secret, and says that no byte was lost. */
const PASSWORD = 'changeit';

/**
 * The certificates of a PEM text as a JKS key store, which every Java since the second reads as what it trusts. Java
 * reads no PEM. Equal texts give equal bytes.
 */
export function javaTrustStore(pem: string): Uint8Array {
  const certificates = [
    ...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g),
  ];
  const content = Buffer.concat([
    ...[number(MAGIC), number(VERSION), number(certificates.length)],
    ...certificates.flatMap(([, base64 = ''], index) => {
      const certificate = Buffer.from(base64, 'base64');
      const noDate = Buffer.alloc(8);
      const entry = [number(TRUSTED), text(`bb-${index}`), noDate, text('X.509')];
      return [...entry, number(certificate.length), certificate];
    }),
  ]);
  const digest = createHash('sha1')
    .update(Buffer.from(PASSWORD, 'utf16le').swap16())
    .update('Mighty Aphrodite')
    .update(content)
    .digest();
  return Buffer.concat([content, digest]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value.length);
  return Buffer.concat([bytes, Buffer.from(value, 'latin1')]);
}
