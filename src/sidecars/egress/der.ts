/** Just enough of DER (X.690) to write the few certificates of this sidecar. */
export const Der = {
  sequence: (...items: readonly Uint8Array[]): Buffer => tagged(0x30, Buffer.concat(items)),
  set: (...items: readonly Uint8Array[]): Buffer => tagged(0x31, Buffer.concat(items)),
  boolean: (value: boolean): Buffer => tagged(0x01, Buffer.of(value ? 0xff : 0)),
  octetString: (content: Uint8Array): Buffer => tagged(0x04, content),
  /** Whole bytes, or the lowest bits of one byte left out. */
  bitString: (content: Uint8Array, unusedBits = 0): Buffer =>
    tagged(0x03, Buffer.concat([Buffer.of(unusedBits), content])),
  utf8: (text: string): Buffer => tagged(0x0c, Buffer.from(text)),
  /** `[tag]` with the given content; `constructed` where the content is DER itself. */
  context: (tag: number, content: Uint8Array, constructed: boolean): Buffer =>
    tagged((constructed ? 0xa0 : 0x80) | tag, content),

  /** A number that is not negative, as big-endian bytes. */
  integer: (bytes: Uint8Array): Buffer => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const trimmed = first === -1 ? Buffer.of(0) : bytes.subarray(first);
    const padded = (trimmed[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), trimmed]) : trimmed;
    return tagged(0x02, padded);
  },

  oid: (dotted: string): Buffer => {
    const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
    return tagged(0x06, Buffer.from([40 * first + second, ...rest.flatMap(base128)]));
  },

  /** `UTCTime` up to 2049, as RFC 5280 asks; whole seconds. */
  time: (ms: number): Buffer => {
    const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14);
    return digits < '2050'
      ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`))
      : tagged(0x18, Buffer.from(`${digits}Z`));
  },
};

function tagged(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f));
  return bytes;
}
