import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ContainerSpec } from '../../model/component.ts';
import { cgroupText } from './control-groups.ts';
import { CONTROLLERS, type LimitFacts } from './limit-method.ts';
import { isOnPath } from './on-path.ts';

const SLICE = 'bb.slice';
const LIMIT_MS = 5_000;
const OWN_CONTROLLERS =
  'path=$(sed -n "s/^0:://p" /proc/self/cgroup); cat "/sys/fs/cgroup$path/cgroup.controllers"';

/** Whether the user's systemd makes scopes for us, and what it may limit them by: found out by having one made. */
export function userManager(environment = process.env): LimitFacts['userManager'] {
  const { XDG_RUNTIME_DIR: folder, DBUS_SESSION_BUS_ADDRESS: address, PATH } = environment;
  const hasBus = address !== undefined || existsSync(`${folder}/bus`);
  if (!hasBus || !isOnPath('systemd-run', PATH)) return null;
  try {
    const [program = '', ...rest] = [...inScope(`bb-try-${process.pid}`), 'sh', '-c'];
    const had = execFileSync(program, [...rest, `${OWN_CONTROLLERS} || true`], {
      timeout: LIMIT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).split(/\s+/);
    return { controllers: CONTROLLERS.filter((one) => had.includes(one)) };
  } catch {
    return null;
  }
}

/**
 * In front of a program that is to run in a scope of its own, with limits or without: it goes on when the unit that we
 * are in is stopped. The program takes the place of `systemd-run`, its process and its descriptors.
 */
export function inScope(
  name: string,
  resources: ContainerSpec['resources'] | null = null,
): readonly string[] {
  const unit = `${name}-${Date.now().toString(36)}`;
  const properties =
    resources === null
      ? []
      : [
          `MemoryMax=${resources.memoryBytes}`,
          'MemorySwapMax=0',
          `TasksMax=${resources.pids}`,
          `CPUQuota=${Math.round(resources.cpus * 100)}%`,
        ];
  return [
    ...['systemd-run', '--user', '--scope', '--quiet', '--collect'],
    // Others may join a delegated one only; nobody inside has a way to its files.
    ...[`--slice=${SLICE}`, `--unit=${unit}`, '-p', 'Delegate=yes'],
    ...properties.flatMap((property) => ['-p', property]),
    '--',
  ];
}

/** Shell command by which a program joins the scope that `pid` is in; empty where that is none of ours. */
export function joinScope(pid: number): string {
  const unit = /\/(bb-[a-z0-9.-]+\.scope)$/m.exec(cgroupText(pid))?.[1];
  const manager = 'org.freedesktop.systemd1 /org/freedesktop/systemd1';
  const method = 'org.freedesktop.systemd1.Manager AttachProcessesToUnit';
  return unit === undefined
    ? ''
    : `busctl --user call ${manager} ${method} ssau ${unit} '' 1 $$ >/dev/null || exit 1\n`;
}
