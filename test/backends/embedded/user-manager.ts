import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOnPath } from '../../../src/backends/embedded/on-path.ts';
import { eventually } from '../../eventually.ts';

const SYSTEMD = '/lib/systemd/systemd';
const TREE = '/sys/fs/cgroup/unified';
const NOBODY = '65534';
/** A systemd that does not come up is ended, and what it said until then is what is given. */
const LIMIT_MS = 40_000;

/** Whether this machine can have a user's systemd of its own for a test. */
export function hasUserManager(): boolean {
  const programs = ['systemd-run', 'busctl', 'dbus-daemon', 'unshare'];
  const hasAll = programs.every((program) => isOnPath(program, process.env['PATH']));
  return process.getuid?.() === 0 && hasAll && existsSync(SYSTEMD) && existsSync(TREE);
}

/**
 * Runs a shell script as a user whose systemd runs, in namespaces of its own: it ends with the script. Gives what that
 * said; `$HOME` is a folder for the while.
 */
export async function underUserManager(script: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'bb-user-manager-'));
  const group = join(TREE, `bb-test-user-${process.pid}`);
  mkdirSync(group);
  const namespaces = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...namespaces, 'sh', '-euc', SETUP, 'sh', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: home, GROUP: group.replace(TREE, '') },
      ...{ XDG_RUNTIME_DIR: `/run/user/${NOBODY}`, NOBODY, SYSTEMD },
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += String(text);
    });
  }
  const late = setTimeout(() => {
    said += `\nended after ${LIMIT_MS} ms\n`;
    child.kill('SIGKILL');
  }, LIMIT_MS);
  await once(child, 'close');
  clearTimeout(late);
  await eventually('its control groups are empty', () => removeGroups(group));
  rmSync(home, { recursive: true, force: true });
  return said;
}

/** False while something in them is still on its way out. */
function removeGroups(group: string): boolean {
  const found = String(spawnSync('find', [group, '-depth', '-type', 'd']).stdout);
  try {
    for (const each of found.split('\n').filter(Boolean)) rmdirSync(each);
    return true;
  } catch {
    return false;
  }
}

/** A tree of control groups of which one is the user's, and what systemd looks for in `/run`. */
const SETUP = `mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR"
mount -t cgroup2 none /sys/fs/cgroup
mkdir "/sys/fs/cgroup$GROUP/user"
chown -R "$NOBODY:$NOBODY" "$XDG_RUNTIME_DIR" "$HOME" "/sys/fs/cgroup$GROUP"
chmod 700 "$XDG_RUNTIME_DIR"
echo $$ > "/sys/fs/cgroup$GROUP/user/cgroup.procs"
cd "$HOME"
exec setpriv --reuid="$NOBODY" --regid="$NOBODY" --clear-groups sh -euc '
  "$SYSTEMD" --user > systemd.log 2>&1 &
  until [ -S "$XDG_RUNTIME_DIR/bus" ]; do sleep 0.1; done
  eval "$1"
' sh "$1"`;
