/** Shorter values, and forms that come out shorter, are words of any text: they cannot be looked for. */
export const SHORTEST_SECRET = 8;

/** Of longer values three slices are looked for: they are keys and certificates, and their beginnings are alike. */
const LONGEST_WHOLE = 96;
const SLICE = 40;

/**
 * What a secret looks like when it is sent, as letters and digits alone: whatever separates, pads or escapes them is
 * skipped in the text too, and case does not count. So base64url is base64 here, percent is hexadecimal, and a value
 * in pieces is a value. Empty for values that are too short.
 */
export function secretForms(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const forms = slicesOf(bytes).flatMap((slice) => {
    const read = [
      slice.toString('latin1'),
      ...base64Forms(slice),
      ...base32Forms(slice),
      slice.toString('hex'),
      // %2573, which is percent escaped once more, \\x73 and \\u0073.
      ...['25', 'x', 'u00'].map((mark) => [...slice].map((byte) => mark + hex(byte)).join('')),
      [...slice].join(''),
    ].map(alphanumeric);
    return [...read, ...read.map(reversed)];
  });
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET);
}

function slicesOf(bytes: Buffer): readonly Buffer[] {
  if (bytes.length < SHORTEST_SECRET) return [];
  if (bytes.length <= LONGEST_WHOLE) return [bytes];
  return [0.25, 0.5, 0.75].map((part) => {
    const start = Math.min(Math.floor(bytes.length * part), bytes.length - SLICE);
    return bytes.subarray(start, start + SLICE);
  });
}

/** At each of the three places in a group where it may begin, without the characters that its neighbours decide. */
export function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) =>
    inner(Buffer.concat([Buffer.alloc(before), bytes]).toString('base64'), before, bytes.length, 6),
  );
}

function base32Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2, 3, 4].map((before) =>
    inner(base32(Buffer.concat([Buffer.alloc(before), bytes])), before, bytes.length, 5),
  );
}

function inner(text: string, before: number, length: number, bitsPerCharacter: number): string {
  const from = Math.ceil((before * 8) / bitsPerCharacter);
  return text.slice(from, Math.floor(((before + length) * 8) / bitsPerCharacter));
}

function base32(bytes: Buffer): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function alphanumeric(text: string): string {
  return text.replace(/[^a-z0-9]/gi, '').toLowerCase();
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}
