import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { BackendError } from '../backend.ts';
import { quote } from './quote.ts';
import type { HostUser } from './records.ts';

/** A folder or file of the host that is seen inside. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Launch {
  /** Null = as ourselves. */
  readonly user: HostUser | null;
  readonly binds: readonly Bind[];
  /** Scratch paths of ours: an empty folder and a file that may be written. */
  readonly stage: string;
  readonly mountTable: string;
  /** `cgroup.procs` files to join before anything else. */
  readonly cgroups: readonly string[];
  /** Leads into the namespaces that the sandbox is made in. */
  readonly enter: readonly string[];
  /** bubblewrap's arguments; sources are given as they are found once `user` looks for them. */
  arguments(binds: readonly Bind[]): readonly string[];
  readonly command: readonly string[];
  /** Put in front of all that runs inside. */
  readonly limits: readonly string[];
  readonly seccompPath: string;
  readonly statusPath: string;
  readonly logPath: string;
  /** Listening sockets, seen inside from `FIRST_LISTENER` on. */
  readonly listeners: readonly number[];
}

/** Descriptors that the sandbox starts with. bubblewrap closes its own three before the program runs. */
const [READY, ARGUMENTS, SECCOMP, STATUS] = [3, 4, 5, 6];
export const FIRST_LISTENER = 7;

const LIMIT_MS = 20_000;

/** A sandbox that is made and waits for its release; without one it ends by itself. */
export interface Launched {
  readonly pid: number;
  /** Lets the program begin; resolves when its limits and descriptors are in place. */
  release(): Promise<void>;
  abandon(): void;
}

/**
 * Starts a sandbox that outlives us and resolves when all of it stands and only its program is missing. The program
 * waits for `release`, so that a sandbox of which no record was written never runs anything.
 */
export async function launch(options: Launch): Promise<Launched> {
  const { statusPath, logPath, seccompPath } = options;
  mkdirSync(dirname(statusPath), { recursive: true, mode: 0o700 });
  const files = [
    openSync('/dev/null', 'r'),
    openSync(logPath, 'a', 0o600),
    openSync(seccompPath, 'r'),
    openSync(statusPath, 'w', 0o600),
  ] as const;
  const [nothing, log, seccomp, status] = files;
  const [program = '', ...rest] = argvOf(options);
  try {
    const child = spawn(program, rest, {
      detached: true,
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin:/usr/sbin:/sbin' },
      stdio: [
        ...[nothing, log, log, 'pipe' as IOType, 'pipe' as IOType, seccomp, status],
        ...options.listeners,
        ...covers(FIRST_LISTENER + options.listeners.length, nothing),
      ],
    });
    child.unref();
    const given = options.arguments(seenBinds(options));
    const text = [...given, '--seccomp', SECCOMP, '--json-status-fd', STATUS].join('\0');
    streamOf(child, ARGUMENTS).end(`${text}\0`);
    await whenReady(child, logPath);
    const ready = streamOf(child, READY);
    return {
      pid: child.pid ?? 0,
      async release() {
        ready.end('go\n');
        if (!ready.closed) await once(ready, 'close');
      },
      abandon: () => void ready.destroy(),
    };
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Says that it is ready, waits to be released, and becomes the program. */
const WRAPPER = `printf x >&${READY} && read -r go <&${READY} || exit 125; exec ${READY}>&-; exec "$@"`;

function argvOf(options: Launch): readonly string[] {
  const { user, binds, enter, command } = options;
  const sandbox = [
    ...[...enter, 'bwrap', '--args', String(ARGUMENTS), '--'],
    ...[...options.limits, 'sh', '-c', WRAPPER, 'sh'],
  ];
  const joins = options.cgroups.map((path) => `echo $$ > ${quote(path)} || exit 1\n`).join('');
  if (user === null) {
    return ['sh', '-c', `${joins}exec "$@"`, 'sh', ...sandbox, ...command];
  }
  writeFileSync(options.mountTable, mountTable(options), { mode: 0o600 });
  const script = `set -eu\n${joins}${stageScript(options)}exec "$@"`;
  const asUser = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return [
    ...['unshare', '--mount', '--propagation', 'slave'],
    ...['sh', '-c', binds.length === 0 ? `${joins}exec "$@"` : script, 'sh'],
    ...[...asUser, '--no-new-privs', ...sandbox, ...command],
  ];
}

/**
 * Another user cannot pass through our folders, which nobody else may enter. So root binds each source to a place that
 * everybody can reach, in a mount namespace of this sandbox alone.
 */
const STAGED_AT = '/mnt';

function seenBinds({ user, binds }: Launch): readonly Bind[] {
  if (user === null) return binds;
  return binds.map((bind, index) => ({ ...bind, source: `${STAGED_AT}/${index}` }));
}

function stageScript({ binds, stage, mountTable }: Launch): string {
  const places = binds.map(({ source }, index) => {
    const place = quote(`${stage}/${index}`);
    return statSync(source).isDirectory() ? `mkdir ${place}\n` : `: > ${place}\n`;
  });
  return `mount -t tmpfs -o mode=755,size=64k,nosuid,nodev bb ${quote(stage)}
${places.join('')}mount -a -T ${quote(mountTable)}
mount --move ${quote(stage)} ${STAGED_AT}
`;
}

function mountTable({ binds, stage }: Launch): string {
  const escaped = (path: string) =>
    path.replace(/[\s\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return binds
    .map(
      ({ source }, index) => `${escaped(source)} ${escaped(`${stage}/${index}`)} none bind 0 0\n`,
    )
    .join('');
}

/**
 * Descriptors that we inherited ourselves would go on to the sandbox: each is covered with `nothing`, an empty file.
 * Node closes those that it opened by itself.
 */
export function covers(from: number, nothing: number): readonly (IOType | number)[] {
  const inherited = readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((fd) => fd >= from && isInherited(fd));
  const count = Math.max(from, ...inherited.map((fd) => fd + 1)) - from;
  return Array.from({ length: count }, (_, index) =>
    inherited.includes(from + index) ? nothing : 'ignore',
  );
}

const CLOSE_ON_EXEC = 0o2000000;

function isInherited(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8);
    return (flags & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}

function streamOf(child: ChildProcess, descriptor: number): Duplex {
  const stream = child.stdio[descriptor];
  if (stream === null || stream === undefined) throw new Error('the sandbox has no such stream');
  // Writing to one that died early is told by the wait for its readiness.
  stream.on('error', () => undefined);
  return stream as Duplex;
}

async function whenReady(child: ChildProcess, logPath: string): Promise<void> {
  const ready = streamOf(child, READY);
  const { promise, resolve } = Promise.withResolvers<'ready' | 'ended' | 'late'>();
  const timer = setTimeout(() => resolve('late'), LIMIT_MS);
  ready.once('data', () => resolve('ready'));
  ready.once('close', () => resolve('ended'));
  child.once('error', () => resolve('ended'));
  const outcome = await promise;
  clearTimeout(timer);
  if (outcome === 'ready') return;
  if (outcome === 'late') child.kill('SIGKILL');
  const said = readFileSync(logPath, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  throw new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `the sandbox could not be made: ${said.slice(0, 500) || 'it ended without a word'}`,
    hint: 'bb doctor tells what this machine lacks',
  });
}
