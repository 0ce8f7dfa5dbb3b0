import { BlockList, isIP, isIPv6 } from 'node:net';

/** Ranges that are not the public internet: a name that resolves into them is an attempt or a misconfiguration. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
  '::/96',
  '::1/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

let closed: BlockList | undefined;

/** Made at the first question: Node takes 10 ms for it, which a bottle would wait for at each start. */
function closedRanges(): BlockList {
  closed ??= blockList(CLOSED);
  return closed;
}

/**
 * Whether a resolved address may be dialled: a public one, or one inside the CIDRs that the route declares for its
 * host. IPv6 forms that carry an IPv4 address are judged by that address where they are IPv4-mapped, else refused.
 */
export function mayDial(address: string, declared: readonly string[]): boolean {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const family = isIP(plain);
  if (family === 0 || plain.includes('%')) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (declared.length > 0 && blockList(declared).check(plain, type)) return true;
  return !isMappedHex(plain) && !closedRanges().check(plain, type);
}

/** Throws where one of them is not a CIDR or an address. */
export function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const type = isIPv6(address) ? 'ipv6' : 'ipv4';
    const prefix = bits === undefined ? (type === 'ipv6' ? 128 : 32) : Number(bits);
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits ?? '0'))
      throw new Error(`"${cidr}" is not a CIDR`);
    list.addSubnet(address, prefix, type);
  }
  return list;
}

/** `::ffff:7f00:1`: resolvers do not answer like that. */
function isMappedHex(address: string): boolean {
  return /^(?:0{0,4}:){1,5}(?:0{1,4}:)*ffff:/i.test(address);
}
