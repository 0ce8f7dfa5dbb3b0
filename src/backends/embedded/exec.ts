import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { BackendError, type ExecRequest, type ExecResult } from '../backend.ts';
import { type Entrance, entrance, JOIN_ARGUMENTS } from './enter.ts';
import { covers } from './inherited.ts';
import type { Machine } from './machine.ts';
import { outerEnvironment } from './outer-environment.ts';
import { mustRun } from './owned.ts';
import { identify, namespaceMembers, signalProcess, wasStartedWith } from './process-table.ts';
import type { RunRecord } from './records.ts';
import { throwUntried } from './untried.ts';

/** More output than this is dropped. */
const OUTPUT_LIMIT = 8 * 1024 * 1024;

/** What a program wrote, as it wrote it. */
export interface RawResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
}

export type RawRequest = Omit<ExecRequest, 'stdin'> & {
  readonly stdin?: string | Uint8Array | Readable;
  /** Takes all that it prints, in place of the result. */
  readonly stdout?: Writable;
  /** How much of what it prints is kept. */
  readonly outputBytes?: number;
  /** Called when it has ended; what it left running may still hold what it prints to. */
  readonly onExit?: () => void;
};

export async function execInContainer(
  machine: Machine,
  ref: ComponentRef,
  request: ExecRequest,
): Promise<ExecResult> {
  const { stdout, stderr, ...rest } = await execRaw(machine, ref, request);
  return { ...rest, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
}

/** Runs a program to its end. When its time is up it is killed, and all that it started. */
export async function execRaw(
  machine: Machine,
  ref: ComponentRef,
  request: RawRequest,
  run: RunRecord = mustRun(machine.layout, ref),
): Promise<RawResult> {
  const way = entrance(machine, ref, run);
  const { uid } = way.record.spec.user;
  if (request.user !== null && request.user.uid !== uid) {
    throw new BackendError({
      code: 'not-supported',
      kind: 'terminal',
      message: `the only user of ${runtimeName(ref)} is ${uid}: there is no ${request.user.uid}`,
    });
  }
  return runThrough(machine, way, request, run);
}

/** Runs a program by a way in, as `execRaw` does. */
export async function runThrough(
  machine: Machine,
  way: Omit<Entrance, 'record'>,
  request: Omit<RawRequest, 'user'>,
  run: RunRecord,
): Promise<RawResult> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
  signal.throwIfAborted();
  const mark = randomUUID();
  const [program = '', ...rest] = [...way.argv, ...request.argv];
  const seccomp = openSync(machine.seccompPath(), 'r');
  const nothing = openSync('/dev/null', 'r');
  try {
    const child = spawn(program, rest, {
      cwd: '/',
      env: outerEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', seccomp, ...covers(5, nothing)],
    });
    throwUntried(child);
    const end = () => {
      for (const pid of namespaceMembers(run.init.pid)) {
        const identity = identify(pid);
        if (identity !== null && wasStartedWith(pid, `BB_EXEC=${mark}`))
          signalProcess(identity, 'SIGKILL');
      }
      child.kill('SIGKILL');
      // What has cleared its environment goes on, and may hold what it prints to for as long as it likes.
      for (const stream of child.stdio) stream?.destroy();
    };
    signal.addEventListener('abort', end, { once: true });
    const given = way.arguments({ ...request.env, BB_EXEC: mark }, true);
    feed(child.stdio[JOIN_ARGUMENTS] as Writable, given);
    feed(child.stdin, request.stdin ?? '', request.inputEnds);
    const output = await collect(child, request)
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
        return null;
      })
      .finally(() => signal.removeEventListener('abort', end));
    if (!signal.aborted && output !== null) return output;
    if (!timeout.aborted) throw signal.reason;
    throw new BackendError({
      code: 'timeout',
      kind: 'transient',
      message: `${request.argv[0] ?? 'the program'} did not end within ${request.timeoutMs} ms and was killed`,
    });
  } finally {
    closeSync(seccomp);
    closeSync(nothing);
  }
}

/** A program may end without reading what it is given. */
function feed(
  stream: Writable | null,
  content: string | Uint8Array | Readable,
  inputEnds?: Promise<unknown>,
): void {
  if (stream === null) return;
  stream.on('error', () => undefined);
  const end = (): void => void stream.end();
  // What cannot be read to its end is told by the program that waits for it.
  if (content instanceof Readable) pipeline(content, stream).catch(() => undefined);
  else if (inputEnds === undefined) stream.end(content);
  else {
    stream.write(content);
    inputEnds.then(end, end);
  }
}

/** A `stdout` that takes no more ends the program, which cannot write to it. */
async function collect(
  child: ChildProcess,
  {
    stdout: sink,
    outputBytes = OUTPUT_LIMIT,
    onExit,
  }: Pick<RawRequest, 'stdout' | 'outputBytes' | 'onExit'>,
): Promise<RawResult> {
  const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let left = outputBytes;
  let truncated = false;
  if (onExit !== undefined) child.once('exit', onExit);
  const taken = sink && child.stdout ? pipeline(child.stdout, sink) : null;
  taken?.catch(() => undefined);
  const kept = taken === null ? (['stdout', 'stderr'] as const) : (['stderr'] as const);
  for (const name of kept) {
    child[name]?.on('data', (chunk: Buffer) => {
      if (chunk.length > left) truncated = true;
      if (left > 0) pieces[name].push(chunk.subarray(0, left));
      left = Math.max(0, left - chunk.length);
    });
  }
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 137));
  });
  await taken;
  return {
    exitCode,
    stdout: Buffer.concat(pieces.stdout),
    stderr: Buffer.concat(pieces.stderr),
    truncated,
  };
}
