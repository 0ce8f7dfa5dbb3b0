import { type Parsed, refuse } from './parsed.ts';
import { quote } from './problems.ts';

/** The 32 bits of a dotted quad in its one canonical spelling, else null. */
export function parseIpv4(raw: string): number | null {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(raw)?.slice(1);
  if (octets === undefined) return null;
  let bits = 0;
  for (const octet of octets) {
    const value = Number(octet);
    if (value > 255 || String(value) !== octet) return null;
    bits = bits * 256 + value;
  }
  return bits;
}

/** An address or CIDR block, IPv4 or IPv6; an address alone stands for itself. Bits below the mask must be zero. */
export function parseCidr(raw: string): Parsed<string> {
  const [address = '', length, ...rest] = raw.split('/');
  const ipv4 = parseIpv4(address);
  const width = ipv4 === null ? 128 : 32;
  const prefix = length === undefined ? width : parsePrefix(length, width);
  if (rest.length > 0 || prefix === null) return notACidr(raw);
  if (ipv4 !== null) {
    const block = 2 ** (32 - prefix);
    const network = Math.floor(ipv4 / block) * block;
    if (network === ipv4) return { ok: true, value: `${address}/${prefix}` };
    return refuse(
      'invalid-value',
      `${quote(raw)} has bits below its mask`,
      `write "${formatIpv4(network)}/${prefix}"`,
    );
  }
  const ipv6 = parseIpv6(address);
  return ipv6 === null ? notACidr(raw) : { ok: true, value: `${ipv6}/${prefix}` };
}

/** A private IPv4 block that is wide enough to cut one /28 for each network of a bottle. */
export function parsePool(raw: string): Parsed<string> {
  const parsed = parseCidr(raw);
  if (!parsed.ok) return parsed;
  const [address = '', length] = parsed.value.split('/');
  const isPrivate =
    /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;
  if (parseIpv4(address) === null || !isPrivate.test(address)) {
    return refuse(
      'invalid-value',
      `${quote(raw)} is not a private IPv4 block`,
      'e.g. "10.213.0.0/16"',
    );
  }
  if (Number(length) < 8 || Number(length) > 26) {
    return refuse(
      'invalid-value',
      `${quote(raw)} must be between /8 and /26`,
      'e.g. "10.213.0.0/16"',
    );
  }
  return parsed;
}

function parsePrefix(raw: string, width: number): number | null {
  const prefix = Number(raw);
  return /^(?:0|[1-9]\d{0,2})$/.test(raw) && prefix <= width ? prefix : null;
}

function parseIpv6(raw: string): string | null {
  if (!/^[0-9a-f:.]{2,45}$/i.test(raw) || !raw.includes(':')) return null;
  const url = `http://[${raw}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}

function formatIpv4(bits: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.');
}

function notACidr(raw: string): Parsed<never> {
  return refuse(
    'invalid-value',
    `${quote(raw)} is not an address block`,
    'write it like "10.20.0.0/16"',
  );
}
