import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ImageBuild } from '../../../model/component.ts';
import type { BuildStep } from '../../../model/dockerfile/build-steps.ts';
import { BackendError } from '../../backend.ts';
import { SAVED_HOME } from '../images.ts';
import type { Machine } from '../machine.ts';
import { prlimitOf } from '../own-programs.ts';
import type { BuildLog } from './build-log.ts';
import { type BuildPlace, type BuildProgram, BuildSandbox } from './build-sandbox.ts';
import { copiedFiles } from './copied-files.ts';
import { layerBytes } from './layer.ts';

/** A build that takes longer, or leaves more, is ended. */
export interface BuildLimits {
  readonly milliseconds: number;
  readonly bytes: number;
}

export const BUILD_LIMITS: BuildLimits = { milliseconds: 600_000, bytes: 4 * 1024 ** 3 };
const LOOK_MS = 1_000;

const PATH = '/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const AS_ROOT = { as: { uid: 0, gid: 0 }, workdir: '/', env: { PATH } } as const;

interface StepOptions {
  readonly from: Pick<ImageBuild, 'context' | 'executable'>;
  readonly log: BuildLog;
  readonly failedAt: (line: number, message: string) => BackendError;
  readonly limits: BuildLimits;
}

/** Performs the steps one after the other in one sandbox, and keeps what they left in the agent's home beside it. */
export async function performSteps(
  machine: Machine,
  place: BuildPlace,
  steps: readonly BuildStep[],
  options: StepOptions,
): Promise<{ readonly hasHome: boolean }> {
  const ending = new AbortController();
  const { signal } = ending;
  const watching = watchSize(place.folder, options.limits.bytes, ending);
  // One signal that is made of others is lost to the garbage collector between two steps.
  const timer = setTimeout(() => ending.abort(new TooLong()), options.limits.milliseconds);
  let line = 1;
  try {
    await using sandbox = await BuildSandbox.open(machine, place);
    for (const [index, step] of steps.entries()) {
      options.log.say(`Step ${index + 1}/${steps.length} : ${step.text}`);
      line = step.line;
      await perform(sandbox, step, { ...options, signal });
    }
    // The programs that read it are the image's own, and may say anything.
    const hasHome = await keepHome(sandbox, place, signal);
    if ((await layerBytes(place.folder, signal)) > options.limits.bytes) {
      ending.abort(new TooLarge());
    }
    signal.throwIfAborted();
    return { hasHome };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw options.failedAt(line, whyEnded(signal.reason, options.limits));
  } finally {
    clearTimeout(timer);
    ending.abort();
    await watching;
  }
}

async function perform(
  sandbox: BuildSandbox,
  step: BuildStep,
  { from, log, failedAt, limits, signal }: StepOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { user: as, workdir, line } = step;
  // What ends a build is its signal, which tells why.
  const timeoutMs = limits.milliseconds + LOOK_MS;
  const must = async (program: BuildProgram) => {
    const { exitCode, stderr } = await sandbox.run(program);
    if (exitCode === 0) return;
    const words = stderr.toString('utf8').trim();
    if (words !== '') log.say(words);
    throw failedAt(line, `${step.text.slice(0, 200)}: exit code ${exitCode}`);
  };
  const made = { ...AS_ROOT, signal, timeoutMs };
  switch (step.kind) {
    case 'workdir':
      return must({ ...made, argv: ['mkdir', '-p', '--', workdir] });
    case 'copy': {
      const copied = await copiedFiles(step, from);
      if ('problem' in copied) throw failedAt(line, copied.problem);
      const argv = ['tar', '-x', '--no-same-owner', '--keep-directory-symlink', '-C', '/'];
      return must({ ...made, argv, stdin: copied.archive });
    }
    case 'run': {
      const merged = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...step.argv];
      const argv = [...prlimitOf(true), `--fsize=${limits.bytes}`, '--', ...merged];
      const env = { PATH, HOME: as.uid === 0 ? '/root' : '/home/agent', ...step.env };
      return must({ as, workdir, env, argv, stdin: '', stdout: log.stream(), signal, timeoutMs });
    }
  }
}

/** What a new home begins with: all that was put there beside the folder that is always there. */
async function keepHome(
  sandbox: BuildSandbox,
  { folder }: BuildPlace,
  signal: AbortSignal,
): Promise<boolean> {
  const made = { ...AS_ROOT, signal, timeoutMs: BUILD_LIMITS.milliseconds };
  const home = '/home/agent';
  const find = `find ${home} -mindepth 1 ! -path ${home}/work | head -n 1`;
  const { stdout } = await sandbox.run({ ...made, argv: ['sh', '-c', find] });
  if (stdout.length === 0) return false;
  const archive = createWriteStream(join(folder, SAVED_HOME), {
    flags: 'wx',
    mode: 0o600,
    flush: true,
  });
  const argv = ['tar', '-c', '--sparse', '--one-file-system', '-C', home, '.'];
  const { exitCode, stderr } = await sandbox.run({ ...made, argv, stdout: archive });
  if (exitCode === 0) return true;
  throw new BackendError({
    code: 'build-failed',
    kind: 'terminal',
    message: `what the build left in ${home} could not be kept: ${stderr.toString('utf8').slice(0, 300)}`,
  });
}

class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

class TooLong extends Error {
  override readonly name = 'TooLong';
}

/** Looks again and again how much there is by now; ends the build when it is too much. */
async function watchSize(folder: string, bytes: number, ending: AbortController): Promise<void> {
  const { signal } = ending;
  while (!signal.aborted) {
    if ((await layerBytes(folder, signal)) > bytes) return ending.abort(new TooLarge());
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function whyEnded(reason: unknown, { bytes, milliseconds }: BuildLimits): string {
  return reason instanceof TooLarge
    ? `the build was ended: it left more than ${bytes / 1024 ** 2} MiB`
    : `the build was ended: it took longer than ${milliseconds / 1000} s`;
}
