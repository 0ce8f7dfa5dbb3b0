import { execFileSync } from 'node:child_process';

/** Installs the Debian packages that are missing, as root or with sudo, and says so. Loud, never fatal. */
export function installMissing(packages: readonly string[], say: (line: string) => void): void {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const prefix = privilege();
  if (prefix === null || !has('apt-get')) {
    say(`SKIPPED installing ${missing.join(' ')}: needs apt-get and root or sudo`);
    return;
  }
  say(`installing with apt-get: ${missing.join(' ')}`);
  try {
    apt(prefix, ['install', '-y', '--no-install-recommends', ...missing]);
  } catch {
    try {
      apt(prefix, ['update']);
      apt(prefix, ['install', '-y', '--no-install-recommends', ...missing]);
    } catch (error) {
      say(`SKIPPED ${missing.join(' ')}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** What to put before a command to be root: nothing, sudo, or null when neither works. */
function privilege(): readonly string[] | null {
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
}

function apt(prefix: readonly string[], args: readonly string[]): void {
  const [program = 'apt-get', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive'];
  execFileSync(program, [...rest, 'apt-get', '-q', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function isInstalled(name: string): boolean {
  try {
    const status = execFileSync('dpkg-query', ['-W', '-f', `\${Status}`, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return status.endsWith(' installed');
  } catch {
    return false;
  }
}

function has(program: string): boolean {
  return succeeds('sh', ['-c', `command -v ${program}`]);
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
