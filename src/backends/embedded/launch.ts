import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BackendError } from '../backend.ts';
import { startByChain } from './chain.ts';
import { BOOKS_VARIABLE } from './forgotten.ts';
import { launcherArgv, startByLauncher } from './launcher.ts';
import { rootParts } from './layout.ts';
import { outerEnvironment } from './outer-environment.ts';
import { type Overlay, overlayWay } from './overlay.ts';
import { argumentsText } from './sandbox-arguments.ts';
import { stage } from './staging.ts';
import { DESCRIPTORS, type Launched, NotStarted, type Start } from './start.ts';

/** A folder or file of the host that is seen inside. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Launch extends Pick<Start, 'user' | 'place' | 'within' | 'listening'> {
  /** `booksOf` whoever starts it. */
  readonly books: string;
  readonly binds: readonly Bind[];
  /** Seen inside before the binds are. */
  readonly overlays?: readonly Overlay[];
  /** A folder of ours for what only the start needs, and for the log. */
  readonly root: string;
  /** bubblewrap's arguments; sources are given as they are found once `user` looks for them. */
  arguments(binds: readonly Bind[]): readonly string[];
  readonly command: readonly string[];
  /** True when it is there for its network only, and `command` is all that is in it. */
  readonly keeps?: boolean;
  /** Put in front of all that runs inside. */
  readonly limits: readonly string[];
  readonly seccompPath: string;
  readonly statusPath: string;
}

/**
 * Starts a sandbox that outlives us and resolves when all of it stands and only its program is missing. The program
 * waits for `release`, so that a sandbox of which no record was written never runs anything. Throws `name-taken` when
 * somebody inside the bottle has one of the ports.
 */
export async function launch(options: Launch): Promise<Launched> {
  const { root, statusPath, seccompPath, overlays = [] } = options;
  const { log, mounts, arguments: given } = rootParts(root);
  mkdirSync(dirname(statusPath), { recursive: true, mode: 0o700 });
  const staging = stage(root, options.user, { binds: options.binds, overlays });
  const { seccomp, status } = DESCRIPTORS;
  const flags = ['--seccomp', `${seccomp}`, '--json-status-fd', `${status}`];
  const text = argumentsText([...options.arguments(staging.binds), ...flags]);
  writeFileSync(given, text, { mode: 0o600 });
  const start: Start = {
    ...options,
    argv: [...overlayWay(staging.seenAt, overlays), ...argvOf(options)],
    keeper: options.keeps === true ? options.command : null,
    env: { ...outerEnvironment(), [BOOKS_VARIABLE]: options.books },
    staging: staging.mounts.length === 0 ? null : staging,
    files: { log, mounts, arguments: given, seccomp: seccompPath, status: statusPath },
  };
  const argv = launcherArgv(options);
  try {
    return letGo(log, await (argv === null ? startByChain(start) : startByLauncher(argv, start)));
  } catch (error) {
    throw classified(error, log);
  } finally {
    // Nothing of an environment stays in it; the next start would make it again.
    truncateSync(given);
  }
}

const { ready: READY } = DESCRIPTORS;
const RELEASE_LIMIT_MS = 5_000;

/** Says that it is ready, waits to be released, and becomes the program; else ends as one does that is told to. */
const WRAPPER = `printf x >&${READY} && read -r go <&${READY} || exit 143; exec ${READY}>&-; exec "$@"`;

function argvOf({ limits, command }: Launch): readonly string[] {
  const program = [...limits, 'sh', '-c', WRAPPER, 'sh', ...command];
  return ['bwrap', '--args', String(DESCRIPTORS.arguments), '--', ...program];
}

/** A shell of an image may be anything, and never say that it went on: it is let go then, and runs. */
function letGo(log: string, launched: Launched): Launched {
  return {
    ...launched,
    async release() {
      const timer = setTimeout(() => launched.abandon(), RELEASE_LIMIT_MS);
      try {
        await launched.release();
      } catch (error) {
        throw classified(error, log);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function classified(error: unknown, log: string): unknown {
  if (!(error instanceof NotStarted)) return error;
  const why = (error.message || lastLine(log)).slice(0, 500);
  return new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `the sandbox could not be made: ${why || 'it ended without a word'}`,
    hint: 'bb doctor tells what this machine lacks',
  });
}

/** Whoever ends before there is a log has said nothing. */
function lastLine(log: string): string {
  if (!existsSync(log)) return '';
  return readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}
