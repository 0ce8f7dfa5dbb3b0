import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { covers } from './inherited.ts';
import { joinScript } from './limits.ts';
import { listenInside } from './listeners.ts';
import { quote } from './quote.ts';
import { STAGE_OPTIONS, type Staging } from './staging.ts';
import {
  DESCRIPTORS,
  FIRST_LISTENER,
  type Launched,
  NotStarted,
  START_LIMIT_MS,
  type Start,
  wayIn,
} from './start.ts';
import { throwUntried } from './untried.ts';

/**
 * Starts a sandbox by programs of util-linux, each of which does one thing to the process and becomes the next: the way
 * where there is no launcher. Throws `NotStarted`.
 */
export async function startByChain(start: Start): Promise<Launched> {
  const { files, listening } = start;
  const listeners = listening === null ? null : await listenInside(listening);
  const opened = [
    openSync('/dev/null', 'r'),
    openSync(files.log, 'a', 0o600),
    openSync(files.arguments, 'r'),
    openSync(files.seccomp, 'r'),
    openSync(files.status, 'w', 0o600),
  ] as const;
  const [nothing, log, ...given] = opened;
  const sockets = listeners?.descriptors ?? [];
  const [program = '', ...rest] = chainOf(start);
  try {
    const child = spawn(program, rest, {
      detached: true,
      cwd: '/',
      env: start.env,
      stdio: [
        ...[nothing, log, log, 'pipe' as IOType, ...given, ...sockets],
        ...covers(FIRST_LISTENER + sockets.length, nothing),
      ],
    });
    throwUntried(child);
    child.unref();
    const ready = readiness(child);
    await whenReady(child, ready);
    return {
      pid: child.pid ?? 0,
      async release() {
        ready.end('go\n');
        if (!ready.closed) await once(ready, 'close');
      },
      abandon: () => void ready.destroy(),
    };
  } finally {
    for (const file of opened) closeSync(file);
    listeners?.close();
  }
}

/** No core dumps: they would hold what a program had in memory. Our umask is ours. */
const PREAMBLE = 'set -eu\nulimit -c 0\numask 022\n';

function chainOf({ user, place, within, staging, files, argv }: Start): readonly string[] {
  const shell = (staged: string) => [
    ...['sh', '-c'],
    `${PREAMBLE}${joinScript(place.groups)}${staged}exec "$@"`,
    'sh',
  ];
  const sandbox = [...wayIn(within), ...argv];
  if (user === null) return [...place.prefix, ...shell(''), ...sandbox];
  const asUser = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const rest = [...asUser, '--no-new-privs', ...sandbox];
  if (staging === null) return [...place.prefix, ...shell(''), ...rest];
  writeFileSync(files.mounts, tableOf(staging), { mode: 0o600 });
  const ownMounts = ['unshare', '--mount', '--propagation', 'slave'];
  const mounting = `${placesScript(staging)}mount -a -T ${quote(files.mounts)}\n`;
  return [...place.prefix, ...ownMounts, ...shell(mounting), ...rest];
}

/** Makes the places. */
function placesScript({ places, mounts, folder }: Staging): string {
  const isFolder = (source: string) => statSync(source).isDirectory();
  const folders = mounts.filter(({ source }) => isFolder(source)).map(({ target }) => target);
  const files = mounts.filter(({ source }) => !isFolder(source)).map(({ target }) => target);
  return [
    `mount -t tmpfs -o nosuid,nodev,noexec,${STAGE_OPTIONS} none ${quote(folder)}\n`,
    `mkdir ${[...places, ...folders].map(quote).join(' ')}\n`,
    ...files.map((path) => `: > ${quote(path)}\n`),
  ].join('');
}

function tableOf({ mounts, folder, seenAt }: Staging): string {
  const lines = mounts.map(({ source, target }) => tableLine(source, target, 'bind'));
  return [...lines, tableLine(folder, seenAt, 'rbind')].join('');
}

function tableLine(source: string, target: string, kind: 'bind' | 'rbind'): string {
  const escaped = (path: string) =>
    path.replace(/[\s\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `${escaped(source)} ${escaped(target)} none ${kind} 0 0\n`;
}

function readiness(child: ChildProcess): Duplex {
  const stream = child.stdio[DESCRIPTORS.ready];
  if (stream === null || stream === undefined) throw new Error('the sandbox has no such stream');
  // Writing to one that died early is told by the wait for its readiness.
  stream.on('error', () => undefined);
  return stream as Duplex;
}

async function whenReady(child: ChildProcess, ready: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<'ready' | 'ended' | 'late'>();
  const timer = setTimeout(() => resolve('late'), START_LIMIT_MS);
  ready.once('data', () => resolve('ready'));
  ready.once('close', () => resolve('ended'));
  child.once('error', () => resolve('ended'));
  const outcome = await promise;
  clearTimeout(timer);
  if (outcome === 'ready') return;
  if (outcome === 'late') child.kill('SIGKILL');
  throw new NotStarted();
}
