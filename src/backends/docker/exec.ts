import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exec, ExecCreateOptions } from 'dockerode';
import { BackendError, type ExecRequest, type ExecResult } from '../backend.ts';
import type { Engine } from './engine.ts';
import { type Frame, FrameReader } from './frames.ts';
import type { Sessions } from './sessions.ts';

/** Output past this many bytes of both streams together is read and dropped. */
const OUTPUT_LIMIT = 8 * 1024 * 1024;
const KILL_TIMEOUT_MS = 10_000;

/**
 * Runs a program in a container to its end. The engine cannot end one, so each is marked in its environment and looked
 * for by that mark when its time is up.
 */
export async function execInContainer(
  engine: Engine,
  containerId: string,
  request: ExecRequest,
  sessions: Sessions,
): Promise<ExecResult> {
  const mark = `BB_EXEC=${randomUUID()}`;
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
  signal.throwIfAborted();
  const exec = await createExec(engine, containerId, request, mark);
  using _own = sessions.own(exec.id);
  const session = await startExec(exec);
  const stop = () => session.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    session.on('error', () => undefined);
    feed(session, request);
    const output = await collect(session);
    return { exitCode: await exitCodeOf(exec), ...output };
  } catch (error) {
    if (!signal.aborted) throw error;
    await kill(engine, containerId, request, mark);
    if (!timeout.aborted) throw error;
    throw new BackendError({
      code: 'timeout',
      kind: 'transient',
      message: `${request.argv[0] ?? 'the program'} did not end within ${request.timeoutMs} ms and was killed`,
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function createExec(engine: Engine, id: string, request: ExecRequest, mark: string) {
  const env = Object.entries(request.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const options: ExecCreateOptions = {
    Cmd: [...request.argv],
    Env: [...env, mark],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    ...(request.user === null ? {} : { User: `${request.user.uid}:${request.user.gid}` }),
  };
  return engine.streams.getContainer(id).exec(options);
}

/** Hijacked: the other way loses output when the input ends first. */
function startExec(exec: Exec): Promise<Duplex> {
  return exec.start({ hijack: true, stdin: true, Detach: false, Tty: false });
}

function feed(session: Duplex, { stdin = '', inputEnds }: ExecRequest): void {
  if (inputEnds === undefined) return void session.end(stdin);
  const end = (): void => void session.end();
  session.write(stdin);
  inputEnds.then(end, end);
}

async function collect(session: Duplex): Promise<Omit<ExecResult, 'exitCode'>> {
  const pieces: { readonly [stream in Frame['stream']]: Buffer[] } = { stdout: [], stderr: [] };
  const frames = new FrameReader();
  session.on('error', (error) => frames.destroy(error));
  session.on('close', () => frames.end());
  let left = OUTPUT_LIMIT;
  let truncated = false;
  for await (const { stream, content } of session.pipe(frames) as AsyncIterable<Frame>) {
    if (content.length > left) truncated = true;
    if (left > 0) pieces[stream].push(content.subarray(0, left));
    left = Math.max(0, left - content.length);
  }
  const text = (stream: Frame['stream']) => Buffer.concat(pieces[stream]).toString('utf8');
  return { stdout: text('stdout'), stderr: text('stderr'), truncated };
}

/** The engine may still say "running" for a moment after the output ended. */
async function exitCodeOf(exec: Exec): Promise<number> {
  for (let waitMs = 1; waitMs < 5_000; waitMs *= 2) {
    const { Running, ExitCode } = await exec.inspect();
    if (!Running && ExitCode !== null) return ExitCode;
    await delay(waitMs);
  }
  throw new BackendError({
    code: 'failed',
    kind: 'transient',
    message: 'the program closed its output and went on; its exit code is not known',
  });
}

/** Kills every process that carries the mark. Children inherit it; what cleared its environment gets away. */
async function kill(engine: Engine, id: string, request: ExecRequest, mark: string) {
  const script = `for p in /proc/[0-9]*; do
  if grep -qzFx "$1" "$p/environ" 2>/dev/null; then kill -KILL "\${p##*/}" 2>/dev/null; fi
done`;
  const exec = await engine.streams.getContainer(id).exec({
    Cmd: ['sh', '-c', script, 'sh', mark],
    AttachStdout: true,
    ...(request.user === null ? {} : { User: `${request.user.uid}:${request.user.gid}` }),
  });
  const session = await startExec(exec);
  const stop = setTimeout(() => session.destroy(), KILL_TIMEOUT_MS);
  session.on('error', () => undefined);
  session.end();
  session.resume();
  await new Promise((resolve) => session.once('close', resolve));
  clearTimeout(stop);
}
