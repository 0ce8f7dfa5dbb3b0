import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Availability } from '../../model/availability.ts';
import { isRoot } from './host-user.ts';
import { limitMethod } from './limits.ts';
import { isFilteredMachine } from './seccomp/filter.ts';

/** Programs of util-linux and others that a sandbox is put together with. */
const PROGRAMS = [
  'unshare',
  'nsenter',
  'setpriv',
  'prlimit',
  'mount',
  'script',
  'tar',
  'sh',
  'bwrap',
];
const TIMEOUT_MS = 5_000;
/** A user that is nobody, for a try in root's stead. */
const TRIED_AS = 0x7ffffff0;

/** Finds out by trying whether sandboxes can be made here, and says what is missing with its remedy. Never throws. */
export async function probeMachine(): Promise<Availability> {
  if (process.platform !== 'linux') return no('it needs Linux', 'Use backend: docker.');
  if (!isFilteredMachine(process.arch)) {
    return no(`there is no seccomp filter for ${process.arch}`, 'Use backend: docker.');
  }
  const missing = (
    await run([
      'sh',
      '-c',
      `for p in ${PROGRAMS.join(' ')}; do command -v $p >/dev/null || echo $p; done`,
    ])
  ).said;
  if (/^bwrap$/m.test(missing)) {
    return no(
      'bubblewrap is not installed',
      'Install it: apt-get install bubblewrap (or dnf, pacman, apk).',
    );
  }
  if (missing !== '') {
    return no(
      `not installed: ${missing.split('\n').join(', ')}`,
      'Install util-linux, tar and a shell.',
    );
  }
  const user = [`--reuid=${TRIED_AS}`, `--regid=${TRIED_AS}`, '--clear-groups'];
  const asUser = isRoot() ? ['setpriv', ...user, '--no-new-privs'] : [];
  const inNamespace = [...asUser, 'unshare', '--user', '--map-root-user', '--'];
  const namespaces = await run([...inNamespace, 'true']);
  if (!namespaces.works)
    return no(`user namespaces cannot be made: ${namespaces.said}`, await remedy());
  const sandbox = await run([...inNamespace, ...TRIED, 'true']);
  if (!sandbox.works)
    return no(`bubblewrap cannot make a sandbox: ${sandbox.said}`, await remedy(sandbox.said));
  const { said: version } = await run(['bwrap', '--version']);
  const who = isRoot() ? 'one user a bottle' : 'without root: one user for all bottles';
  return {
    available: true,
    detail: `${version}; ${who}; limits by ${limitMethod()}`,
    runtimes: [],
  };
}

const TRIED = [
  ...[
    'bwrap',
    '--unshare-user',
    '--disable-userns',
    '--uid',
    '1000',
    '--gid',
    '1000',
    '--unshare-pid',
  ],
  ...['--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup', '--ro-bind', '/', '/'],
  ...['--proc', '/proc', '--dev', '/dev', '--size', '4096', '--tmpfs', '/tmp', '--'],
];

async function remedy(said = ''): Promise<string> {
  if (/unknown option/i.test(said)) return 'bubblewrap is too old: 0.8 or newer is needed.';
  const ask = async (name: string) => (await run(['cat', `/proc/sys/${name}`])).said;
  if ((await ask('kernel/unprivileged_userns_clone')) === '0') {
    return 'As root: sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if ((await ask('kernel/apparmor_restrict_unprivileged_userns')) === '1') {
    return 'AppArmor restricts user namespaces: give /usr/bin/bwrap and /usr/bin/unshare a profile with `userns,`, or as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0';
  }
  if ((await ask('user/max_user_namespaces')) === '0') {
    return 'As root: sysctl -w user.max_user_namespaces=15000';
  }
  return 'Inside a container it needs a seccomp profile that lets namespaces be made, and an unmasked /proc.';
}

function no(reason: string, fix: string): Availability {
  return { available: false, reason, fix };
}

async function run(
  argv: readonly string[],
): Promise<{ readonly works: boolean; readonly said: string }> {
  const [program = '', ...rest] = argv;
  try {
    const { stdout } = await promisify(execFile)(program, rest, { timeout: TIMEOUT_MS });
    return { works: true, said: stdout.trim() };
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return { works: false, said: (stderr || String(error)).trim().split('\n').at(-1) ?? '' };
  }
}
