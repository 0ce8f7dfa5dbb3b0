import { spawnSync } from 'node:child_process';

/**
 * Makes sure that these Debian packages are installed, and says what it does and why. Installs as root or by `sudo`
 * without a question; elsewhere it throws with the command to run.
 */
export async function installDebianPackages(
  packages: readonly string[],
  why: string,
): Promise<void> {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const argv = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const prefix = asRoot();
  if (prefix === null) {
    throw new Error(`${why}: run as root first: ${argv.join(' ')}`);
  }
  console.log(`${why}: installing ${missing.join(', ')} (apt-get)`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const command of [['apt-get', 'update'], argv]) {
    const [program = '', ...rest] = [...prefix, ...command];
    const done = spawnSync(program, rest, {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (done.status !== 0) throw new Error(`${command.join(' ')} failed:\n${String(done.stderr)}`);
  }
}

function isInstalled(name: string): boolean {
  const asked = spawnSync('dpkg', ['-s', name], { encoding: 'utf8' });
  return asked.stdout?.includes('Status: install ok installed') ?? false;
}

function asRoot(): readonly string[] | null {
  if (spawnSync('apt-get', ['--version']).status !== 0) return null;
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : null;
}
