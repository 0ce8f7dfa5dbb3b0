import { access } from 'node:fs/promises';
import { execa } from 'execa';
import { simpleGit } from 'simple-git';
import { BoundedGroup } from './bounded-group.ts';
import { GIT_CONFIG, GIT_VARIABLES, gitEnvironment } from './git-environment.ts';

/** A finished git command, whatever its exit code. */
export interface GitExit {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface GitRunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: { readonly [name: string]: string };
  /** Another working tree of the same repository. */
  readonly cwd?: string;
  /** The command and all that it started end after this long; unbounded where git works on this machine alone. */
  readonly timeoutMs?: number;
  /** Ends the command, and all that it started. */
  readonly signal?: AbortSignal | undefined;
  /** Read from descriptor 3 by the command and what it starts, and by nobody else: for what must not be seen. */
  readonly secretInput?: string | undefined;
}

/** How git is called for one repository: never a shell, never a prompt, never a hook. */
export interface GitProcess {
  readonly directory: string;
  /** Output of a command that must succeed; throws what git said otherwise. */
  text(args: readonly string[]): Promise<string>;
  /** For callers to whom the exit code says something, or that write to git. */
  run(args: readonly string[], options?: GitRunOptions): Promise<GitExit>;
  /** `run` for a command that must succeed. */
  must(args: readonly string[], options?: GitRunOptions): Promise<string>;
  /** Starts a command that talks both ways; the caller reads `stdout` as it comes. */
  open(args: readonly string[], input: string): AsyncIterable<Uint8Array>;
}

/** Thrown when git itself cannot be started. */
export class GitMissingError extends Error {
  override readonly name = 'GitMissingError';
}

/** Calls git in `directory`, which must exist. */
export function gitProcess(directory: string): GitProcess {
  const env = gitEnvironment(process.env);
  const config = GIT_CONFIG.flatMap((setting) => ['-c', setting]);
  const simple = simpleGit({
    baseDir: directory,
    config: [...GIT_CONFIG],
    allowEnvironment: Object.keys(GIT_VARIABLES),
    unsafe: { allowUnsafeHooksPath: true, allowUnsafeFsMonitor: true },
  }).env(env);

  async function run(args: readonly string[], options: GitRunOptions = {}): Promise<GitExit> {
    const { input, secretInput, signal, timeoutMs } = options;
    const isBounded = timeoutMs !== undefined || signal !== undefined;
    const child = execa('git', [...config, ...args], {
      cwd: options.cwd ?? directory,
      env: { ...env, ...options.env },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      detached: isBounded,
      stdio: [
        input === undefined ? 'ignore' : bytesOf(input),
        'pipe',
        'pipe',
        ...(secretInput === undefined ? [] : [bytesOf(secretInput)]),
      ],
    });
    using bounds = isBounded ? new BoundedGroup(child, { timeoutMs, signal }) : null;
    const result = await child;
    if (result.exitCode !== undefined) {
      const { exitCode, stdout, stderr } = result;
      return { exitCode, stdout: String(stdout), stderr: String(stderr) };
    }
    // ENOENT is said of a missing program and of a missing folder alike.
    const isFolderThere = await access(options.cwd ?? directory).then(
      () => true,
      () => false,
    );
    if (bounds?.reason === 'called-off') {
      return { exitCode: 128, stdout: '', stderr: 'it was called off' };
    }
    if (bounds?.reason === 'late') {
      return { exitCode: 128, stdout: '', stderr: `no answer in ${timeoutMs} ms` };
    }
    if (result.code === 'ENOENT' && isFolderThere) {
      throw new GitMissingError('git is not installed or not on PATH');
    }
    const why = isFolderThere ? (result.shortMessage ?? 'it was killed') : 'no such folder';
    return { exitCode: 128, stdout: '', stderr: why };
  }

  return {
    directory,
    text: (args) => simple.raw([...args]),
    run,
    async must(args, options) {
      const { exitCode, stdout, stderr } = await run(args, options);
      if (exitCode !== 0) throw new Error(`git ${args[0]} failed: ${stderr.trim()}`);
      return stdout;
    },
    async *open(args, input) {
      const child = execa('git', [...config, ...args], {
        cwd: directory,
        env,
        extendEnv: false,
        encoding: 'buffer',
        buffer: { stdout: false, stderr: true },
        input,
      });
      const ended = child.then(
        () => null,
        (error: unknown) => error,
      );
      try {
        for await (const chunk of child.stdout) yield chunk;
      } finally {
        // Only a reader that stopped early finds it running.
        child.kill();
      }
      const failure = await ended;
      if (failure !== null) throw failure;
    },
  };
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}
