import type { ContainerSpec } from '../../model/component.ts';
import { hostPrograms } from './host-programs.ts';
import type { ImageRoot } from './image-root.ts';
import type { Bind } from './launch.ts';
import { OWN_PROGRAMS } from './own-programs.ts';

const MEBIBYTE = 1024 * 1024;
/** Where this very Node is found in every sandbox, before any other. */
export const NODE_FOLDER = '/opt/node/bin';
const PATH = `${NODE_FOLDER}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;

export interface Sandbox {
  readonly spec: Pick<ContainerSpec, 'user' | 'tmpfs'>;
  /** Name that the machine has inside. */
  readonly hostname: string;
  readonly env: { readonly [name: string]: string };
  readonly workdir: string;
  readonly binds: readonly Bind[];
  /** What is neither bound nor of bubblewrap's making; null = the host's programs. */
  readonly root: Pick<ImageRoot, 'links' | 'folders'> | null;
}

/** What a container's machine is called inside. */
export function hostnameOf({ identity }: Pick<ContainerSpec, 'identity'>): string {
  return identity.component === 'agent' ? identity.bottle : `${identity.bottle}-sidecars`;
}

/**
 * bubblewrap's arguments: every namespace but the network's, which is entered or kept; its programs read-only;
 * nothing writable but what is bound so and memory of a fixed size. The environment is in here, so they go through a
 * descriptor and never onto a command line.
 */
export function sandboxArguments({
  spec,
  hostname,
  env,
  workdir,
  binds,
  root,
}: Sandbox): readonly string[] {
  const whole = binds.find(({ target }) => target === '/');
  const tmpfs = { '/tmp': 256 * MEBIBYTE, '/run': 16 * MEBIBYTE, ...spec.tmpfs };
  return [
    ...userArguments(spec.user),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup'],
    ...['--hostname', hostname, '--new-session'],
    ...(whole === undefined ? [] : bindArguments(whole)),
    ...(root === null ? hostArguments() : imageArguments(root)),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--perms', '1777', '--size', String(64 * MEBIBYTE), '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev'],
    ...Object.entries(tmpfs).flatMap(([path, bytes]) => [
      '--perms',
      '1777',
      '--size',
      String(bytes),
      '--tmpfs',
      path,
    ]),
    ...['--dir', '/var', '--symlink', '/tmp', '/var/tmp', '--dir', '/home'],
    ...binds.flatMap((bind) => (bind === whole ? [] : bindArguments(bind))),
    ...['--chdir', workdir, ...(whole?.readOnly === false ? [] : ['--remount-ro', '/'])],
    ...environmentArguments({ PATH, LANG: 'C.UTF-8', ...env }),
  ];
}

/** Arguments as bubblewrap reads them from a file. Throws where one would be taken for several. */
export function argumentsText(given: readonly string[]): string {
  if (given.some((one) => one.includes('\0'))) {
    throw new TypeError('an argument of a sandbox contains a null byte');
  }
  return given.map((one) => `${one}\0`).join('');
}

/** For a program that joins a running sandbox: the same user, no new namespaces to make, the same environment. */
export function joiningArguments(
  {
    spec,
    env,
    workdir,
  }: Pick<Sandbox, 'env' | 'workdir'> & {
    readonly spec: Pick<ContainerSpec, 'user'>;
  },
  options: { readonly ownSession: boolean },
): readonly string[] {
  return [
    ...userArguments(spec.user),
    ...['--dev-bind', '/', '/', '--chdir', workdir],
    ...(options.ownSession ? ['--new-session'] : []),
    ...environmentArguments({ PATH, LANG: 'C.UTF-8', ...env }),
  ];
}

function userArguments({ uid, gid }: ContainerSpec['user']): readonly string[] {
  const user = ['--unshare-user', '--disable-userns', '--uid', String(uid), '--gid', String(gid)];
  // Whoever is root inside would keep them.
  return [...user, '--cap-drop', 'ALL'];
}

function environmentArguments(env: { readonly [name: string]: string }): readonly string[] {
  const entries = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
  return ['--clearenv', ...entries];
}

function hostArguments(): readonly string[] {
  return hostPrograms().flatMap(({ path, link }) =>
    link === null ? ['--ro-bind', path, path] : ['--symlink', link, path],
  );
}

function imageArguments({ links, folders }: Pick<ImageRoot, 'links' | 'folders'>) {
  return [
    ...['--dir', OWN_PROGRAMS],
    ...folders.flatMap((path) => ['--dir', path]),
    ...links.flatMap(({ path, to }) => ['--symlink', to, path]),
  ];
}

function bindArguments({ source, target, readOnly }: Bind): readonly string[] {
  return [readOnly ? '--ro-bind' : '--bind', source, target];
}
