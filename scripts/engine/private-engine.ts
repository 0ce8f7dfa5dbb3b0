import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import { removeFolderWithMounts } from './mounts.ts';
import { chainsOfOthers, restoreChains } from './shared-chains.ts';

/** A Docker Engine of our own: nothing of it is outside its folder but networks, which `stop` removes. */
export interface PrivateEngine extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly endpoint: string;
  readonly pid: number;
  /** Ends its process alone, as `systemctl stop docker` or a crash does: it can be started again in its folder. */
  halt(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Removes its containers and networks, ends it and deletes its folder. Idempotent. */
  stop(): Promise<void>;
}

export interface PrivateEngineOptions {
  /** Made when absent; short, because the sockets in it may have 107 characters. */
  readonly folder: string;
  /** Folder that is searched first for `dockerd`, `containerd` and `runc`; null = what the machine has. */
  readonly programs: string | null;
  /** Further runtimes: name → program. */
  readonly runtimes: { readonly [name: string]: string };
}

const READY_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 20_000;

/**
 * Starts a Docker Engine beside whatever else runs on this machine and waits until it answers. Needs root.
 * Has no default bridge, so several of them do not meet; throws with the end of its log when it does not come up.
 */
export async function startPrivateEngine(options: PrivateEngineOptions): Promise<PrivateEngine> {
  await mkdir(options.folder, { recursive: true });
  await writeFile(join(options.folder, 'daemon.json'), '{}');
  const chains = chainsOfOthers();
  const log = openSync(join(options.folder, 'log'), 'a');
  const child = spawn('dockerd', argumentsOf(options), {
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      PATH: [options.programs, process.env['PATH'], '/usr/sbin:/sbin'].filter(Boolean).join(':'),
      DOCKER_MIN_API_VERSION: undefined,
    },
  });
  closeSync(log);
  const failed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`dockerd ended with ${code ?? signal}`));
  });
  child.unref();
  const engine = openPrivateEngine(options.folder, child.pid ?? 0);
  const outcome = await Promise.race([failed, answers(engine.endpoint)]);
  restoreChains(chains);
  if (outcome === 'answers') return engine;
  const tail = (await readFile(join(options.folder, 'log'), 'utf8')).trim().split('\n').slice(-5);
  await engine.stop();
  throw new Error(`the private engine did not start: ${outcome}\n${tail.join('\n')}`);
}

/** The engine that was started in `folder` by another process. */
export function openPrivateEngine(folder: string, pid: number): PrivateEngine {
  const socketPath = join(folder, 'docker.sock');
  const stop = async () => {
    await removeEverything(socketPath);
    await end(pid);
    await removeFolderWithMounts(folder);
  };
  return {
    endpoint: `unix://${socketPath}`,
    pid,
    async halt(signal) {
      const containerd = await containerdOf(folder);
      await end(pid, [signal]);
      // It ends by itself a moment later; a daemon that is started before that takes it for its own.
      await end(containerd, ['SIGTERM', 'SIGKILL']);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function argumentsOf({ folder, runtimes }: PrivateEngineOptions): readonly string[] {
  // The same for an engine that is started again in its folder, which finds there what it left.
  const namespace = `bb-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  return [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['-H', `unix://${join(folder, 'docker.sock')}`, '-p', join(folder, 'pid')],
    ...['--config-file', join(folder, 'daemon.json'), '--bridge', 'none'],
    '--userland-proxy=false',
    ...['--containerd-namespace', namespace, '--containerd-plugins-namespace', `${namespace}-p`],
    ...Object.entries(runtimes).flatMap(([name, path]) => ['--add-runtime', `${name}=${path}`]),
  ];
}

/** Waits for an engine to answer; gives why it does not. */
export async function answers(endpoint: string): Promise<'answers' | string> {
  const docker = new Docker({ socketPath: endpoint.slice('unix://'.length), timeout: 5_000 });
  const deadline = Date.now() + READY_WITHIN_MS;
  let reason = 'it never answered';
  while (Date.now() < deadline) {
    try {
      await docker.ping();
      return 'answers';
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      await delay(50);
    }
  }
  return `no answer in ${READY_WITHIN_MS / 1000} s: ${reason}`;
}

async function removeEverything(socketPath: string): Promise<void> {
  const docker = new Docker({ socketPath, timeout: ENDS_WITHIN_MS });
  try {
    const containers = await docker.listContainers({ all: true });
    for (const { Id } of containers) {
      await docker.getContainer(Id).remove({ force: true, v: true });
    }
    const networks = await docker.listNetworks({ filters: { type: ['custom'] } });
    for (const { Id } of networks) await docker.getNetwork(Id).remove();
  } catch {
    // An engine that does not answer any more has nothing that can be asked for.
  }
}

/** Process of the containerd that the engine in `folder` started; 0 where it uses another one. */
async function containerdOf(folder: string): Promise<number> {
  try {
    return Number(await readFile(join(folder, 'exec/containerd/containerd.pid'), 'utf8'));
  } catch {
    return 0;
  }
}

/** Sends `signals` one after the other; returns when the process is gone. */
async function end(
  pid: number,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGKILL'],
): Promise<void> {
  for (const signal of signals) {
    const deadline = Date.now() + ENDS_WITHIN_MS;
    if (!send(pid, signal)) return;
    while (Date.now() < deadline) {
      if (!send(pid, 0)) return;
      await delay(20);
    }
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  if (pid <= 1) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
