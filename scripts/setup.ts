import { existsSync } from 'node:fs';
import { AGENT_PROGRAMS } from './agent-programs.ts';
import { CONFORMANCE_PROGRAM } from './conformance-program.ts';
import { installDebianPackages } from './debian-packages.ts';
import { installPrograms } from './npm-programs.ts';

/** A program that is there by other means than its Debian package is as good. */
const NEEDED = [
  { program: '/usr/bin/bwrap', packages: ['bubblewrap'] },
  { program: '/usr/bin/dtach', packages: ['dtach'] },
  { program: '/usr/sbin/dockerd', packages: ['docker.io'] },
  { program: '/usr/sbin/iptables', packages: ['iptables'] },
  { program: '/usr/bin/tmux', packages: ['tmux'] },
  { program: '/usr/bin/python3', packages: ['python3-minimal', 'libpython3-stdlib'] },
  { program: '/usr/bin/curl', packages: ['curl'] },
  { program: '/usr/bin/openssl', packages: ['openssl'] },
  { program: '/etc/ssl/certs/ca-certificates.crt', packages: ['ca-certificates'] },
  { program: '/usr/lib/python3/dist-packages/requests', packages: ['python3-requests'] },
  { program: '/usr/lib/python3/dist-packages/httpx', packages: ['python3-httpx'] },
];

const missing = NEEDED.filter(({ program }) => !onThisMachine(program));
try {
  await installDebianPackages(
    missing.flatMap(({ packages }) => packages),
    'npm test',
  );
} catch (error) {
  const names = missing.map(({ program }) => program).join(', ');
  console.log(
    `SKIPPED tests that need ${names}: ${error instanceof Error ? error.message : error}`,
  );
}

for (const wanted of [AGENT_PROGRAMS, CONFORMANCE_PROGRAM]) {
  const installed = installPrograms(wanted, (line) => console.log(line));
  if (installed.kind === 'programs') continue;
  const names = Object.keys(wanted.programs).join(' and ');
  console.log(`SKIPPED tests of the real ${names}: ${installed.reason}`);
}

function onThisMachine(program: string): boolean {
  const name = program.split('/').at(-1) ?? '';
  const folders = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/bin', '/sbin'];
  return existsSync(program) || folders.some((folder) => existsSync(`${folder}/${name}`));
}
