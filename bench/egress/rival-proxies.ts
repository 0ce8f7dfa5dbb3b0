import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { installDebianPackages } from '../../scripts/debian-packages.ts';
import type { Contender, Surroundings } from './contender.ts';
import { listening, startProcess } from './started-process.ts';

// Set up for what egress does: TLS ended, upstream verified, one host allowed, a credential set on each request,
// nothing cached and nothing logged.

/** Debian's squid with ssl-bump. */
export async function startSquid(around: Surroundings): Promise<Contender> {
  await installDebianPackages(['squid-openssl'], 'squid to compare with');
  const { folder, authority, caPem } = await rivalFolder(around, 'squid');
  const port = await freePort();
  const certificates = join(folder, 'certificates');
  await execa(CERTGEN, ['-c', '-s', certificates, '-M', '16MB']);
  await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost\n');
  const settings = join(folder, 'squid.conf');
  await writeFile(
    settings,
    `http_port 127.0.0.1:${port} ssl-bump tls-cert=${authority} generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program ${CERTGEN} -s ${certificates} -M 16MB
sslcrtd_children 2 startup=1 idle=1
tls_outgoing_options cafile=${join(folder, 'upstream.pem')}
ssl_bump bump all
acl allowed dstdomain localhost
acl paths urlpath_regex ^/
acl asked method CONNECT
http_access allow asked allowed
http_access allow allowed paths
http_access deny all
request_header_access Authorization deny all
request_header_add Authorization "Bearer bench-credential" all
cache deny all
access_log none
cache_log /dev/null
pid_filename none
hosts_file ${join(folder, 'hosts')}
coredump_dir ${folder}
max_filedescriptors 4096
shutdown_lifetime 0 seconds
`,
  );
  // Squid gives up root by itself. What it shares between its processes is its own here, not that of another squid.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    await chmod(around.folder, 0o711);
    await execa('chown', ['-R', 'proxy:proxy', folder]);
  }
  const alone = [
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs tmpfs /dev/shm && exec "$@"',
    'sh',
    'squid',
  ];
  const argv = ['-N', '-f', settings];
  const { pid } = startProcess({
    command: isRoot ? 'unshare' : 'squid',
    argv: isRoot ? [...alone, ...argv] : argv,
    defer: around.defer,
  });
  await listening(port);
  return { name: 'squid', proxyPort: port, pid, caPem };
}

/** Debian's mitmproxy, with an add-on that judges and sets the credential. */
export async function startMitmproxy(around: Surroundings): Promise<Contender> {
  await installDebianPackages(['mitmproxy'], 'mitmproxy to compare with');
  const { folder, authority, caPem } = await rivalFolder(around, 'mitmproxy');
  const port = await freePort();
  await writeFile(join(folder, 'mitmproxy-ca.pem'), await readFile(authority));
  const addOn = join(folder, 'add-on.py');
  await writeFile(addOn, ADD_ON);
  const settings = {
    confdir: folder,
    ssl_verify_upstream_trusted_ca: join(folder, 'upstream.pem'),
    stream_large_bodies: '1m',
  };
  const { pid } = startProcess({
    command: 'mitmdump',
    argv: [
      ...['-q', '--listen-host', '127.0.0.1', '-p', String(port), '-s', addOn],
      ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    ],
    defer: around.defer,
  });
  await listening(port);
  return { name: 'mitmproxy', proxyPort: port, pid, caPem };
}

const CERTGEN = '/usr/lib/squid/security_file_certgen';

const ADD_ON = `
from mitmproxy import http

def request(flow):
    if flow.request.host != "localhost" or not flow.request.path.startswith("/"):
        flow.response = http.Response.make(403)
        return
    flow.request.headers["authorization"] = "Bearer bench-credential"
`;

/** A folder with an authority of its own (key and certificate in one file) and the upstream's certificate. */
async function rivalFolder(
  { folder, upstreamPem }: Surroundings,
  name: string,
): Promise<{ readonly folder: string; readonly authority: string; readonly caPem: string }> {
  const own = join(folder, name);
  await mkdir(own);
  const [key, certificate] = [join(own, 'ca-key.pem'), join(own, 'ca-cert.pem')];
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-addext', 'keyUsage=critical,keyCertSign', '-keyout', key, '-out', certificate],
  ]);
  const caPem = await readFile(certificate, 'utf8');
  const authority = join(own, 'authority.pem');
  await writeFile(authority, (await readFile(key, 'utf8')) + caPem);
  await writeFile(join(own, 'upstream.pem'), upstreamPem);
  return { folder: own, authority, caPem };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
