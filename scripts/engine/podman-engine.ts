import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, openPrivateEngine, type PrivateEngine } from './private-engine.ts';

/** What Podman needs of Debian; `catatonit` is its init. */
export const PODMAN_PACKAGES = ['podman', 'runc', 'netavark', 'catatonit', 'iptables'] as const;

/**
 * Starts Podman's Docker-compatible service with storage, networks and run files of its own in `folder`, and waits until
 * it answers. Needs root. Throws with the end of its log when it does not come up.
 */
export async function startPodmanEngine(folder: string): Promise<PrivateEngine> {
  await mkdir(folder, { recursive: true });
  const settings = join(folder, 'containers.conf');
  await writeFile(settings, configuration(folder));
  const log = openSync(join(folder, 'log'), 'a');
  const socketPath = join(folder, 'docker.sock');
  const child = spawn(
    'podman',
    [...storage(folder), 'system', 'service', '--time=0', `unix://${socketPath}`],
    {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, CONTAINERS_CONF: settings },
    },
  );
  closeSync(log);
  const failed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`podman ended with ${code ?? signal}`));
  });
  child.unref();
  const engine = openPrivateEngine(folder, child.pid ?? 0);
  const outcome = await Promise.race([failed, answers(engine.endpoint)]);
  if (outcome === 'answers') return engine;
  const tail = (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n').slice(-5);
  await engine.stop();
  throw new Error(`Podman did not start: ${outcome}\n${tail.join('\n')}`);
}

function storage(folder: string): readonly string[] {
  return [
    ...['--root', join(folder, 'data'), '--runroot', join(folder, 'run')],
    ...['--tmpdir', join(folder, 'tmp'), '--storage-driver', 'overlay'],
  ];
}

/** Nothing of it is shared with a Podman of the machine, and no systemd is asked for. */
function configuration(folder: string): string {
  return [
    '[containers]',
    // Its own are above what the kernel of a small machine gives.
    'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]',
    '[engine]',
    'cgroup_manager = "cgroupfs"',
    // crun refuses machines that mix both versions of control groups.
    'runtime = "runc"',
    'events_logger = "file"',
    // Who watched a program stays for five minutes after its end, long after the engine.
    'exit_command_delay = 10',
    '[network]',
    'network_backend = "netavark"',
    `network_config_dir = "${join(folder, 'networks')}"`,
    '',
  ].join('\n');
}
