import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { BackendError } from '../backend.ts';
import { BOOKS_VARIABLE } from './forgotten.ts';
import { covers } from './inherited.ts';
import type { Place } from './limits.ts';
import { outerEnvironment } from './outer-environment.ts';
import { quote } from './quote.ts';
import type { HostUser } from './records.ts';

/** A folder or file of the host that is seen inside. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Launch {
  /** `booksOf` whoever starts it. */
  readonly books: string;
  /** Null = as ourselves. */
  readonly user: HostUser | null;
  readonly binds: readonly Bind[];
  /** Scratch paths of ours: an empty folder and a file that may be written. */
  readonly stage: string;
  readonly mountTable: string;
  readonly place: Place;
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
      env: { ...outerEnvironment(), [BOOKS_VARIABLE]: options.books },
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
  const { user, binds, enter, command, place } = options;
  const sandbox = [
    ...[...enter, 'bwrap', '--args', String(ARGUMENTS), '--'],
    ...[...options.limits, 'sh', '-c', WRAPPER, 'sh', ...command],
  ];
  const shell = (staging: string) => [
    'sh',
    '-c',
    `${PREAMBLE}${place.join}${staging}exec "$@"`,
    'sh',
  ];
  if (user === null) return [...place.prefix, ...shell(''), ...sandbox];
  const asUser = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const rest = [...asUser, '--no-new-privs', ...sandbox];
  if (binds.length === 0) return [...place.prefix, ...shell(''), ...rest];
  stage(options);
  const staging = `mount -a -T ${quote(options.mountTable)}\n`;
  const ownMounts = ['unshare', '--mount', '--propagation', 'slave'];
  return [...place.prefix, ...ownMounts, ...shell(staging), ...rest];
}

/** No core dumps: they would hold what a program had in memory. */
const PREAMBLE = 'set -eu\nulimit -c 0\n';

/**
 * Another user cannot pass through our folders, which nobody else may enter. So root binds each source to a place that
 * everybody can reach, in a mount namespace of this sandbox alone.
 */
const STAGED_AT = '/mnt';

function seenBinds({ user, binds }: Launch): readonly Bind[] {
  if (user === null) return binds;
  return binds.map((bind, index) => ({ ...bind, source: `${STAGED_AT}/${placeOf(bind, index)}` }));
}

/** Writes what `mount` is to do, and makes the places for it. */
function stage({ binds, stage: folder, mountTable }: Launch): void {
  const lines = binds.map((bind, index) => {
    const place = `${folder}/${placeOf(bind, index)}`;
    if (isFolder(bind)) mkdirSync(place, { recursive: true, mode: 0o755 });
    else writeFileSync(place, '');
    return tableLine(bind.source, place, 'bind');
  });
  const table = [...lines, tableLine(folder, STAGED_AT, 'rbind')].join('');
  writeFileSync(mountTable, table, { mode: 0o600 });
}

/** A place of one kind is never made into the other, which would take a removal. */
function placeOf(bind: Bind, index: number): string {
  return `${isFolder(bind) ? 'folder' : 'file'}-${index}`;
}

function isFolder({ source }: Bind): boolean {
  return statSync(source).isDirectory();
}

function tableLine(source: string, target: string, kind: 'bind' | 'rbind'): string {
  const escaped = (path: string) =>
    path.replace(/[\s\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `${escaped(source)} ${escaped(target)} none ${kind} 0 0\n`;
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
