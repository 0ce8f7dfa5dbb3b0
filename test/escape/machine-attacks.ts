/** What the agent tries against networks and kernel; every value is `reached`, or why not. */
export interface MachineFindings {
  readonly allowed: string;
  readonly tcp: { readonly [target: string]: string };
  readonly names: { readonly [query: string]: string };
  readonly kernel: { readonly [deed: string]: string };
  readonly text: string;
  /** Command lines of all processes that it sees. */
  readonly processes: readonly string[];
}

/** What gVisor answers out of its own kernel, which is inside the sandbox: nothing of the machine is reached by it. */
export const OF_GVISOR: readonly string[] = ['a user namespace', 'keys'];

/** The program, for `targets` of the form `[address, port]` and the name of an abstract socket. */
export function machineAttacks(
  targets: readonly (readonly [string, number])[],
  abstract: string,
): string {
  return `import json
targets = json.loads(${JSON.stringify(JSON.stringify(targets))})
abstract = ${JSON.stringify(abstract)}
${PROGRAM}`;
}

const PROGRAM = `
import ctypes, os, resource, socket, struct, subprocess, concurrent.futures as futures

def reason(error): return type(error).__name__ + ' ' + str(error)

def tcp(target):
    host, port = target
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        with socket.socket(family) as s:
            s.settimeout(1)
            address = (host, port, 0, 2) if host.startswith('fe80') else (host, port)
            s.connect(address)
            return 'reached'
    except Exception as error: return reason(error)

def ask(server, name):
    question = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\\0\\0\\1\\0\\1'
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            s.sendto(struct.pack('>HHHHHH', 7, 256, 1, 0, 0, 0) + question, (server, 53))
            answer = s.recv(512)
            return 'reached' if answer[7] > 0 else 'code %d' % (answer[3] & 15)
    except Exception as error: return reason(error)

def deed(act):
    'In a process of its own: a deed that succeeds must not help the next one.'
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            act()
            said = 'reached'
        except BaseException as error: said = reason(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer: said = answer.read()
    os.waitpid(child, 0)
    return said or 'killed'

libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    if getattr(libc, name)(*args) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def write(path):
    with open(path, 'a') as f: f.write('')
def read(path):
    try:
        with open(path, errors='replace') as f: return f.read()
    except OSError as error: return path + ': ' + reason(error) + '\\n'
def raw(*kind): return lambda: socket.socket(*kind).close()
def connect_unix(path):
    with socket.socket(socket.AF_UNIX) as s: s.connect(path)
def set_namespace():
    with open('/proc/1/ns/user') as f: call('setns', f.fileno(), 0)
def become_root(path):
    said = subprocess.run([path, '-c', 'id -u'], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=2).stdout
    if said.strip() != '0': raise OSError(said)
def datagram_over_ipv6():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s: s.sendto(b'x', ('2001:db8::1', 443))
def source_routed():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        via = socket.inet_aton(socket.gethostbyname('egress'))
        host, port = targets[0]
        s.settimeout(1)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([131, 11, 4]) + via + socket.inet_aton(host) + b'\\0')
        s.connect((host, port))

paths = ['/etc/bb/trust/ca.pem', '/etc/bb/trust/new', '/etc/hosts', '/etc/resolv.conf', '/etc/passwd',
    '/etc/ssl/certs/ca-certificates.crt', '/usr/bin/new', '/proc/sys/kernel/core_pattern',
    '/proc/sys/net/ipv4/ip_forward', '/proc/sysrq-trigger', '/sys/kernel/uevent_helper',
    '/sys/fs/cgroup/cgroup.procs', '/sys/fs/cgroup/memory/notify_on_release', '/sys/fs/cgroup/release_agent',
    '/bb/queue/new', '/dev/mem', '/dev/kmsg', '/dev/vda', '/dev/sda']
kernel = {'write ' + path: deed(lambda: write(path)) for path in paths if os.path.exists(path) or not path.startswith('/dev')}
kernel.update({
    'a raw socket': deed(raw(socket.AF_INET, socket.SOCK_RAW, 1)),
    'a packet socket': deed(raw(socket.AF_PACKET, socket.SOCK_RAW, 768)),
    'source routing': deed(source_routed),
    'a datagram over IPv6': deed(datagram_over_ipv6),
    'core dumps': deed(lambda: resource.setrlimit(resource.RLIMIT_CORE, (2 ** 20, 2 ** 20))),
    'an abstract socket of the machine': deed(lambda: connect_unix('\\0' + abstract)),
    'user 0': deed(lambda: os.setuid(0)),
    'a user namespace': deed(lambda: call('unshare', 0x10000000)),
    'a raw socket of a user namespace': deed(lambda: (call('unshare', 0x10000000), raw(socket.AF_INET, socket.SOCK_RAW, 1)())),
    'a network namespace': deed(lambda: call('unshare', 0x40000000)),
    'the namespaces of another process': deed(set_namespace),
    'a file system of its own making': deed(lambda: call('syscall', 430, b'tmpfs', 0)),
    'a copy of the mounts': deed(lambda: call('syscall', 428, -100, b'/usr', 1)),
    'another root': deed(lambda: call('syscall', 155, b'/tmp', b'/tmp')),
    'the clock': deed(lambda: call('syscall', 227, 0, struct.pack('qq', 1, 0))),
    'a mount': deed(lambda: call('mount', b'none', b'/mnt', b'tmpfs', 0, None)),
    'a device': deed(lambda: os.mknod('/tmp/disk', 0o60666, os.makedev(254, 0))),
    'chroot': deed(lambda: os.chroot('/tmp')),
    'another host name': deed(lambda: socket.sethostname('x')),
    'a module': deed(lambda: call('syscall', 313, -1, b'', 0)),
    'bpf': deed(lambda: call('syscall', 321, 0, None, 0)),
    'keys': deed(lambda: call('syscall', 250, 0, -3, 1)),
    'a file handle': deed(lambda: call('syscall', 304, -100, None, 0)),
})
for path in ['/run/docker.sock', '/var/run/docker.sock', '/run/containerd/containerd.sock', '/run/podman/podman.sock',
    '/run/dbus/system_bus_socket', '/run/systemd/private']:
    kernel['connect to ' + path] = deed(lambda: connect_unix(path))
setuid = []
for folder, folders, files in os.walk('/'):
    if folder == '/': folders[:] = [name for name in folders if name not in ('proc', 'sys', 'dev')]
    for name in files:
        path = os.path.join(folder, name)
        if os.path.lexists(path) and os.lstat(path).st_mode & 0o4000: setuid.append(path)
for path in setuid: kernel['setuid ' + path] = deed(lambda: become_root(path))

text = ''
for path in ['/proc/1/environ', '/proc/self/environ', '/proc/1/cmdline', '/proc/self/mountinfo', '/etc/hosts']:
    text += read(path)
text += subprocess.run(['grep', '-rsE', 'hunter2|PRIVATE KEY-----', '/etc', '/home', '/run', '/tmp', '/opt', '/var'], capture_output=True, text=True).stdout

with futures.ThreadPoolExecutor(64) as pool:
    found = list(pool.map(tcp, targets))
servers = ['127.0.0.11'] + [host for host, _ in targets if ':' not in host][:6]
questions = [(server, name) for server in servers for name in ['outside.example.test', 'host.docker.internal']]
with futures.ThreadPoolExecutor(32) as pool:
    answers = list(pool.map(lambda question: ask(*question), questions))
names = {' '.join(question): answer for question, answer in zip(questions, answers)}
print(json.dumps({
    'allowed': tcp(['egress', 8080]) + tcp(['supervise', 9100]),
    'tcp': {host + ':' + str(port): state for (host, port), state in zip(targets, found)},
    'names': names, 'kernel': kernel, 'text': text,
    'processes': [read('/proc/%s/cmdline' % pid).replace('\\0', ' ') for pid in os.listdir('/proc') if pid.isdigit()],
}))
`;
