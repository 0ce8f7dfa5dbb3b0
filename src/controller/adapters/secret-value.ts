import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { execa } from 'execa';
import type { LoginFacts } from '../../model/providers/provider.ts';
import type { SecretSource } from '../host-config.ts';
import { parseCodexLogin } from './codex-login.ts';

/** A value, or why there is none, in words that never hold a part of it. */
export type ReadSecret =
  | { readonly ok: true; readonly value: string; readonly login?: LoginFacts }
  | { readonly ok: false; readonly problem: string };

export interface ReadSecretOptions {
  readonly environment: { readonly [name: string]: string | undefined };
  readonly commandTimeoutMs: number;
  readonly nowMs: number;
}

const MAX_SECRET_BYTES = 64 * 1024;

/** Reads the value of secret `name` from its source; one line end at its end is not part of it. */
export async function readSecretValue(
  name: string,
  source: SecretSource,
  options: ReadSecretOptions,
): Promise<ReadSecret> {
  const read = await readRaw(source, options);
  if (!read.ok) return { ok: false, problem: `secret ${name} has no value: ${read.problem}` };
  const value = read.value.replace(/\r?\n$/, '');
  if (value !== '') return { ...read, value };
  return { ok: false, problem: `secret ${name} has no value: ${describeSource(source)} is empty` };
}

function readRaw(source: SecretSource, options: ReadSecretOptions): Promise<ReadSecret> {
  switch (source.kind) {
    case 'env': {
      const value = options.environment[source.variable];
      if (value !== undefined) return Promise.resolve({ ok: true, value });
      const problem = `${describeSource(source)} is not set where bb runs`;
      return Promise.resolve({ ok: false, problem });
    }
    case 'file':
      return readFromFile(source.path);
    case 'command':
      return readFromCommand(source.argv, options);
    case 'codex-login':
      return readCodexLogin(source.path, options.nowMs);
  }
}

async function readCodexLogin(path: string, nowMs: number): Promise<ReadSecret> {
  const file = await readFromFile(path);
  if (!file.ok)
    return { ok: false, problem: `${file.problem}: run \`codex login\` on this machine` };
  const login = parseCodexLogin(file.value, nowMs);
  return login.ok
    ? { ok: true, value: login.accessToken, login: login.facts }
    : { ok: false, problem: `file ${path} ${login.problem}` };
}

async function readFromFile(path: string): Promise<ReadSecret> {
  const refuse = (why: string): ReadSecret => ({ ok: false, problem: `file ${path} ${why}` });
  try {
    // A pipe that nobody writes to must not hold up a pass.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) return refuse('is not a regular file');
    if (stats.size > MAX_SECRET_BYTES) return refuse('is larger than 64 KiB');
    return { ok: true, value: await file.readFile('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return refuse(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`);
  }
}

/** Its error output is not told: programs that hold secrets print them too. */
async function readFromCommand(
  argv: readonly string[],
  { environment, commandTimeoutMs }: ReadSecretOptions,
): Promise<ReadSecret> {
  const [program = '', ...args] = argv;
  const result = await execa(program, args, {
    reject: false,
    stdin: 'ignore',
    env: environment,
    extendEnv: false,
    timeout: commandTimeoutMs,
    forceKillAfterDelay: 1_000,
    maxBuffer: MAX_SECRET_BYTES,
    stripFinalNewline: false,
  });
  if (!result.failed) return { ok: true, value: result.stdout };
  const why = result.timedOut
    ? `did not end within ${commandTimeoutMs / 1000} s`
    : result.isMaxBuffer
      ? 'printed more than 64 KiB'
      : result.exitCode === undefined
        ? `could not be run (${result.code ?? result.signal ?? 'unknown reason'})`
        : `ended with exit code ${result.exitCode}`;
  return { ok: false, problem: `command ${program} ${why}; run it by hand to see why` };
}

function describeSource(source: SecretSource): string {
  switch (source.kind) {
    case 'env':
      return `environment variable ${source.variable}`;
    case 'file':
    case 'codex-login':
      return `file ${source.path}`;
    case 'command':
      return `the output of ${source.argv[0]}`;
  }
}
