import { createSocket } from 'node:dgram';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { AttackedFleet } from './attacked-fleet.ts';
import { inside } from './inside.ts';

/** What came of each sending; `answered` is the one that must not be. */
interface Found {
  readonly datagrams: { readonly [target: string]: string };
  readonly pings: { readonly [target: string]: string };
  readonly sockets: { readonly [kind: string]: string };
}

/** What tells a datagram of the agent from all others. */
const MARK = 'of-the-agent-inside';
const QUIC_PORT = 443;

/** Ways out that are no TCP: UDP, QUIC, ICMP, whatever is on the same link, and packets of the agent's own making. */
export function datagramAttacks(attacked: () => AttackedFleet): void {
  describe('datagrams', () => {
    let found: Found;
    beforeAll(async () => {
      const { machine, place, outside } = attacked();
      const sidecars = Object.values(outside).filter((host) => host !== null);
      const hosts = [
        ...new Set([...machine.addresses, place.address, ...sidecars, '192.0.2.77', '2001:db8::1']),
      ];
      const settings = { hosts, ports: [machine.port, QUIC_PORT, 53, 123], mark: MARK };
      found = await inside(
        attacked().fleet,
        'python3',
        `import json\nsettings = json.loads(${JSON.stringify(JSON.stringify(settings))})\n${PROGRAM}`,
      );
    });

    test('none is answered: to no address, to no port, to everybody on the link, over QUIC', () => {
      expect(Object.keys(found.datagrams).length).toBeGreaterThan(20);
      expect(answeredOf(found.datagrams)).toEqual([]);
    });

    test('nobody of this machine heard any, and hears what it says itself', async () => {
      const { machine } = attacked();
      const own = createSocket('udp4');
      await new Promise<void>((resolve) =>
        own.send('of the machine itself', machine.port, '127.0.0.1', () => resolve()),
      );
      await eventually('it is heard', () => machine.datagrams.includes('of the machine itself'));
      own.close();
      expect(machine.datagrams.filter((text) => text.includes(MARK))).toEqual([]);
    });

    test('no ping is answered but by what the agent may reach', () => {
      expect(answeredOf(found.pings)).toEqual([]);
    });

    test('no socket makes packets of its own, and none changes the network', () => {
      expect(Object.keys(found.sockets).length).toBeGreaterThan(8);
      expect(answeredOf(found.sockets)).toEqual([]);
    });
  });
}

function answeredOf(found: { readonly [name: string]: string }): readonly string[] {
  return Object.keys(found).filter((name) => found[name] === 'answered');
}

const PROGRAM = `
import concurrent.futures as futures, fcntl, os, socket, struct

hosts, ports, mark = settings['hosts'], settings['ports'], settings['mark'].encode()
names = [name for _, name in socket.if_nameindex()]
own = set()
for name in names:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            packed = fcntl.ioctl(s, 0x8915, struct.pack('256s', name.encode()))
            own.add(socket.inet_ntoa(packed[20:24]))
    except OSError: pass

# A long header, version 1, with lengths as an Initial has them.
quic = bytes([0xc3, 0, 0, 0, 1, 8]) + b'12345678' + bytes([8]) + b'87654321' + b'\\0\\x44\\x9e' + mark
quic += bytes(1200 - len(quic))

def send(address, port, text, index=0):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if index and family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            elif index:
                s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack('4s4si', bytes(4), bytes(4), index))
            s.sendto(text, (address, port, 0, index) if family == socket.AF_INET6 else (address, port))
            s.recv(2048)
            return 'answered'
    except Exception as error: return type(error).__name__ + ' ' + str(error)

sendings = {}
for host in hosts:
    for port in ports:
        sendings['%s %d' % (host, port)] = (host, port, quic if port == 443 else mark)
links = [(index, name) for index, name in socket.if_nameindex() if name != 'lo']
broadcasts = ['255.255.255.255'] + ['.'.join(one.split('.')[:3]) + '.255' for one in own if not one.startswith('127.')]
# The last address of a network of sixteen.
broadcasts += ['.'.join(one.split('.')[:3] + [str(int(one.split('.')[3]) | 15)]) for one in own if not one.startswith('127.')]
for port in ports:
    for address in broadcasts: sendings['%s %d' % (address, port)] = (address, port, mark)
    for index, name in links:
        for group in ['224.0.0.1', '224.0.0.251', '239.255.255.250', 'ff02::1', 'ff02::fb', 'fe80::1']:
            sendings['%s%%%s %d' % (group, name, port)] = (group, port, mark, index)

def ping(host):
    'By the kind of socket that needs no right, where there is it.'
    v6 = ':' in host
    family, protocol, kind = (socket.AF_INET6, socket.IPPROTO_ICMPV6, 128) if v6 else (socket.AF_INET, socket.IPPROTO_ICMP, 8)
    try:
        with socket.socket(family, socket.SOCK_DGRAM, protocol) as s:
            s.settimeout(1)
            s.sendto(struct.pack('!BBHHH', kind, 0, 0 if v6 else ~(0x0800 + 0x0101) & 0xffff, 0, 0x0101), (host, 0))
            s.recv(512)
            return 'answered'
    except Exception as error: return type(error).__name__ + ' ' + str(error)

def opened(*kind):
    try:
        with socket.socket(*kind): return 'answered'
    except Exception as error: return type(error).__name__ + ' ' + str(error)

def changed(request):
    'Of the first interface: what is asked needs a right, before it is looked at.'
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, request, struct.pack('16sH14s', names[0].encode(), socket.AF_INET, b'\\0\\0' + bytes([198, 51, 100, 9])))
        return 'answered'
    except Exception as error: return type(error).__name__ + ' ' + str(error)

def tunnel():
    try:
        with open('/dev/net/tun', 'rb+', buffering=0) as device:
            fcntl.ioctl(device, 0x400454ca, struct.pack('16sH22x', b'mine', 0x1001))
        return 'answered'
    except Exception as error: return type(error).__name__ + ' ' + str(error)

sockets = {
    'raw ICMP': opened(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    'raw ICMPv6': opened(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
    'raw UDP': opened(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP),
    'raw IP': opened(socket.AF_INET, socket.SOCK_RAW, 255),
    'raw IP in IP': opened(socket.AF_INET, socket.SOCK_RAW, 4),
    'packets': opened(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)),
    'packets without their head': opened(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)),
    'a tunnel': tunnel(),
    'an address': changed(0x8916),
    'an interface that is down': changed(0x8914),
    'a route': changed(0x890b),
}
# What the agent may reach answers, as it should.
allowed = own | {'127.0.0.1', '::1', socket.gethostbyname('egress')}
with futures.ThreadPoolExecutor(64) as pool:
    found = dict(zip(sendings, pool.map(lambda one: send(*one), sendings.values())))
    pings = dict(zip(hosts, pool.map(ping, hosts)))
print(json.dumps({
    'datagrams': found, 'sockets': sockets,
    'pings': {host: said for host, said in pings.items() if host not in allowed and not host.startswith('127.')},
}))
`;
