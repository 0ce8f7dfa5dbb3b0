import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Availability } from '../../model/availability.ts';
import { isRoot } from './host-user.ts';
import { limitWords } from './limit-method.ts';
import { limitMethod } from './limits.ts';
import { isOnPath } from './on-path.ts';
import { remedyFor, TELLING_SETTINGS } from './remedy.ts';
import { isFilteredMachine } from './seccomp/filter.ts';

/** Programs of util-linux and others that a sandbox is put together with. */
const UTIL_LINUX = [
  ...['unshare', 'nsenter', 'setpriv', 'prlimit', 'mount'],
  ...['script', 'setsid', 'flock', 'tar', 'sh'],
];
const TIMEOUT_MS = 5_000;
/** A user that is nobody, for a try in root's stead. */
const TRIED_AS = 0x7ffffff0;

/** Finds out by trying whether sandboxes can be made here, and says what is missing with its remedy. Never throws. */
export async function probeMachine(path = process.env['PATH']): Promise<Availability> {
  if (process.platform !== 'linux') return no('it needs Linux', 'Use backend: docker.');
  if (!isFilteredMachine(process.arch)) {
    return no(`there is no seccomp filter for ${process.arch}`, 'Use backend: docker.');
  }
  if (!isOnPath('bwrap', path)) {
    return no('bubblewrap is not installed', `Install it: ${installing('bubblewrap')}.`);
  }
  const missing = UTIL_LINUX.filter((program) => !isOnPath(program, path));
  if (missing.length > 0) {
    return no(`not installed: ${missing.join(', ')}`, 'Install util-linux, tar and a shell.');
  }
  const run = (argv: readonly string[]) => outcomeOf(argv, path);
  const user = [`--reuid=${TRIED_AS}`, `--regid=${TRIED_AS}`, '--clear-groups'];
  const asUser = isRoot() ? ['setpriv', ...user, '--no-new-privs'] : [];
  const inNamespace = [...asUser, 'unshare', '--user', '--map-root-user', '--'];
  const namespaces = await run([...inNamespace, 'true']);
  if (!namespaces.works) {
    return no(`user namespaces cannot be made: ${namespaces.said}`, await remedy(namespaces.said));
  }
  const sandbox = await run([...inNamespace, ...TRIED, 'true']);
  if (!sandbox.works) {
    return no(`bubblewrap cannot make a sandbox: ${sandbox.said}`, await remedy(sandbox.said));
  }
  const { said: version } = await run(['bwrap', '--version']);
  const who = isRoot() ? 'one user a bottle' : 'without root: one user for all bottles';
  return {
    available: true,
    detail: `${version}; ${who}; limits by ${limitWords(limitMethod())}`,
    runtimes: [],
  };
}

/** The ways of the usual distributions. */
export function installing(name: string): string {
  return `apt-get install ${name} (or dnf, pacman, apk)`;
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
  ...['--proc', '/proc', '--dev', '/dev', '--size', '4096', '--tmpfs', '/tmp'],
  ...['--setenv', 'PATH', '/usr/bin:/bin', '--'],
];

async function remedy(said: string): Promise<string> {
  const texts = TELLING_SETTINGS.map((name) =>
    readFile(`/proc/sys/${name}`, 'utf8').then(
      (text) => [name, text.trim()] as const,
      () => [name, undefined] as const,
    ),
  );
  return remedyFor(Object.fromEntries(await Promise.all(texts)), said);
}

function no(reason: string, fix: string): Availability {
  return { available: false, reason, fix };
}

async function outcomeOf(
  argv: readonly string[],
  path: string | undefined,
): Promise<{ readonly works: boolean; readonly said: string }> {
  const [program = '', ...rest] = argv;
  try {
    const options = { timeout: TIMEOUT_MS, env: { PATH: path } };
    const { stdout } = await promisify(execFile)(program, rest, options);
    return { works: true, said: stdout.trim() };
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return { works: false, said: (stderr || String(error)).trim().split('\n').at(-1) ?? '' };
  }
}
