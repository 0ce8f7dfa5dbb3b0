import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { ContainerSpec } from '../../model/component.ts';
import type { Bind } from './launch.ts';

const MEBIBYTE = 1024 * 1024;
/** Where this very Node is found in every sandbox, before any other. */
export const NODE_FOLDER = '/opt/node/bin';
const PATH = `${NODE_FOLDER}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;

export interface Sandbox {
  readonly spec: Pick<ContainerSpec, 'user' | 'tmpfs' | 'identity'>;
  readonly env: { readonly [name: string]: string };
  readonly workdir: string;
  readonly binds: readonly Bind[];
}

/** Name that the machine has inside. */
export function hostnameOf({ identity }: Pick<ContainerSpec, 'identity'>): string {
  return identity.component === 'agent' ? identity.bottle : `${identity.bottle}-sidecars`;
}

/**
 * bubblewrap's arguments: every namespace but the network's, which is entered or kept; the host's programs read-only;
 * nothing writable but what is bound so and memory of a fixed size. The environment is in here, so they go through a
 * descriptor and never onto a command line.
 */
export function sandboxArguments({ spec, env, workdir, binds }: Sandbox): readonly string[] {
  const tmpfs = { '/tmp': 256 * MEBIBYTE, '/run': 16 * MEBIBYTE, ...spec.tmpfs };
  return [
    ...userArguments(spec.user),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup'],
    ...['--hostname', hostnameOf(spec), '--new-session'],
    ...hostPrograms(),
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
    ...binds.flatMap(({ source, target, readOnly }) => [
      ...[readOnly ? '--ro-bind' : '--bind', source, target],
    ]),
    ...['--chdir', workdir, '--remount-ro', '/'],
    ...environmentArguments({ PATH, LANG: 'C.UTF-8', ...env }),
  ];
}

/** For a program that joins a running sandbox: the same user, no new namespaces to make, the same environment. */
export function joiningArguments(
  { spec, env, workdir }: Omit<Sandbox, 'binds'>,
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
  return ['--unshare-user', '--disable-userns', '--uid', String(uid), '--gid', String(gid)];
}

function environmentArguments(env: { readonly [name: string]: string }): readonly string[] {
  const entries = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
  return ['--clearenv', ...entries];
}

/** `/usr`, and what is beside it on systems that have not merged the two. */
function hostPrograms(): readonly string[] {
  const beside = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].filter((path) =>
    existsSync(path),
  );
  return [
    ...['--ro-bind', '/usr', '/usr'],
    ...beside.flatMap((path) =>
      lstatSync(path).isSymbolicLink()
        ? ['--symlink', readlinkSync(path), path]
        : ['--ro-bind', path, path],
    ),
  ];
}
