import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { z } from 'zod';
import { MAX_FILE_BYTES } from '../../desired/decode-text.ts';
import { parseHost } from '../../desired/host-name.ts';
import { accepted } from '../../desired/parsed.ts';
import { FILE_START, Problems } from '../../desired/problems.ts';
import { readWritten, type WrittenFile } from '../../desired/written-file.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { PipelockProgram } from '../../reconcilers/plan-context.ts';
import type { HostConfig, HostSettings, SecretSource, VerifySettings } from '../host-config.ts';
import { homeFolder } from './home-folder.ts';
import {
  configSchema,
  secretsSchema,
  type WrittenConfig,
  type WrittenSecrets,
} from './host-config-schema.ts';
import { type Protection, readHostFile } from './host-file.ts';
import { checkSourceSecrets, completeSource } from './host-source.ts';
import { pipelockAt, pipelockOnPath } from './pipelock-program.ts';

type Environment = { readonly [name: string]: string | undefined };

export type LoadedHost =
  | ({ readonly ok: true } & HostSettings)
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export interface HostConfigOptions {
  readonly environment: Environment;
  /** From `--config`; null takes `$XDG_CONFIG_HOME/bb`. */
  readonly directory?: string | null;
}

/**
 * Reads `config.yaml` and `secrets.yaml` of the host; each may be absent. Everything wrong with both is told at once,
 * and nothing of them is used while anything is wrong: they are the trust boundary.
 */
export async function loadHostConfig(options: HostConfigOptions): Promise<LoadedHost> {
  const home = homeFolder(options.environment);
  const directory = resolve(options.directory ?? defaultDirectory(options.environment, home));
  const toPath = (raw: string) => expandPath(raw, directory, home);
  const problems = new Problems();
  const configFile = await readSettings(directory, 'config', 'trusted', configSchema, problems);
  const secretsFile = await readSettings(directory, 'secrets', 'secret', secretsSchema, problems);
  const trustedCaPem = await readAuthorities(configFile, toPath, problems);
  await checkTrustFiles(configFile, toPath, problems);
  const pipelock = findPipelock(configFile, { environment: options.environment, toPath }, problems);
  checkSourceSecrets(configFile, secretsFile?.value ?? {}, problems);
  if (problems.errorCount > 0) return { ok: false, diagnostics: problems.list() };
  const written: WrittenConfig = configFile?.value ?? {};
  const secrets: WrittenSecrets = secretsFile?.value ?? {};
  return {
    ok: true,
    config: completeConfig(written, { directory, trustedCaPem, pipelock, toPath }),
    policy: {
      envAllowed: written.envAllowed ?? [],
      rootfs: Object.keys(written.images?.rootfs ?? {}),
      secrets: mapValues(secrets, ({ hosts, gitUrls }) => ({
        hosts: (hosts ?? []).map((raw) => accepted(parseHost(raw))),
        gitUrls: gitUrls ?? [],
      })),
    },
    secrets: mapValues(secrets, ({ from }) => sourceOf(from, toPath)),
  };
}

function defaultDirectory(environment: Environment, home: string): string {
  const configured = environment['XDG_CONFIG_HOME'];
  const base = configured !== undefined && isAbsolute(configured) ? configured : `${home}/.config`;
  return join(base, 'bb');
}

function expandPath(raw: string, directory: string, home: string): string {
  return raw === '~' || raw.startsWith('~/') ? join(home, raw.slice(1)) : resolve(directory, raw);
}

async function readSettings<Schema extends z.ZodType>(
  directory: string,
  name: string,
  protection: Protection,
  schema: Schema,
  problems: Problems,
): Promise<WrittenFile<z.infer<Schema>> | null> {
  const path = join(directory, `${name}.yaml`);
  const bytes = await readHostFile(path, protection, problems);
  if (bytes === null) return null;
  if (bytes.length > MAX_FILE_BYTES) {
    problems.error({
      code: 'file-too-large',
      message: 'the file is larger than 1 MiB',
      file: path,
      at: FILE_START,
    });
    return null;
  }
  return readWritten({ path, name, file: { mode: '100644', bytes } }, schema, problems);
}

async function readAuthorities(
  config: WrittenFile<WrittenConfig> | null,
  toPath: (raw: string) => string,
  problems: Problems,
): Promise<readonly string[]> {
  const files = config?.value.upstream?.caFiles ?? [];
  const texts = files.map(async (raw, index): Promise<string> => {
    const pem = await readFile(toPath(raw), 'utf8').catch(() => '');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
    problems.error({
      code: pem === '' ? 'missing-file' : 'invalid-value',
      message: `${toPath(raw)} ${pem === '' ? 'cannot be read' : 'holds no certificate'}`,
      hint: 'name a file of PEM certificates',
      file: config?.path ?? '',
      at: config?.locate.value(['upstream', 'caFiles', index]) ?? FILE_START,
    });
    return '';
  });
  return Promise.all(texts);
}

/** A file that says whom to trust must be there, and nobody else's to change. */
async function checkTrustFiles(
  config: WrittenFile<WrittenConfig> | null,
  toPath: (raw: string) => string,
  problems: Problems,
): Promise<void> {
  const { allowedSigners, revokedKeys, keyring } = config?.value.verify ?? {};
  for (const [key, raw] of Object.entries({ allowedSigners, revokedKeys, keyring })) {
    if (raw === undefined) continue;
    const before = problems.errorCount;
    const bytes = await readHostFile(toPath(raw), 'trusted', problems);
    if (bytes !== null || problems.errorCount > before) continue;
    problems.error({
      code: 'missing-file',
      message: `${toPath(raw)} is not there`,
      hint: 'whom this host trusts is read from it: see docs/operations.md',
      file: config?.path ?? '',
      at: config?.locate.value(['verify', key]) ?? FILE_START,
    });
  }
}

/** A program that is named must be there: a gate that somebody asked for is never left out in silence. */
function findPipelock(
  config: WrittenFile<WrittenConfig> | null,
  host: { readonly environment: Environment; readonly toPath: (raw: string) => string },
  problems: Problems,
): PipelockProgram | null {
  const written = config?.value.pipelock;
  if (written === 'off') return null;
  if (config?.value.upstream?.proxy !== undefined) {
    if (written !== undefined) {
      problems.error({
        code: 'invalid-value',
        message: 'pipelock cannot dial through another proxy: it would be left out',
        hint: 'write "pipelock: off", or take upstream.proxy away',
        file: config.path,
        at: config.locate.key(['pipelock']),
      });
    }
    return null;
  }
  if (written === undefined) return pipelockOnPath(host.environment);
  const path = host.toPath(written.program);
  const program = pipelockAt(path);
  if (program !== null) return program;
  problems.error({
    code: 'missing-file',
    message: `${path} is not a program that can be run`,
    hint: 'install pipelock there, or write "pipelock: off"',
    file: config?.path ?? '',
    at: config?.locate.value(['pipelock', 'program']) ?? FILE_START,
  });
  return null;
}

function completeConfig(
  written: WrittenConfig,
  host: {
    readonly directory: string;
    readonly trustedCaPem: readonly string[];
    readonly pipelock: PipelockProgram | null;
    readonly toPath: (raw: string) => string;
  },
): HostConfig {
  const { directory, trustedCaPem, pipelock, toPath } = host;
  const { source, verify, images, programs, upstream, docker } = written;
  const hosts = Object.entries(upstream?.hosts ?? {});
  return {
    directory,
    source: completeSource(source, toPath),
    verify: verify === undefined ? null : completeVerify(verify, toPath),
    images: { base: images?.base ?? null, rootfs: mapValues(images?.rootfs ?? {}, toPath) },
    programs: programs === undefined ? null : toPath(programs),
    upstream: {
      hosts: Object.fromEntries(
        hosts.map(([raw, addresses]) => [accepted(parseHost(raw)), addresses]),
      ),
      trustedCaPem,
      ...(upstream?.proxy === undefined
        ? {}
        : { proxy: { ...upstream.proxy, host: upstream.proxy.host.toLowerCase() } }),
    },
    pipelock,
    docker: { host: docker?.host ?? null },
    onInvalid: written.onInvalid ?? 'reject',
    workspaces: (written.workspaces ?? []).map(toPath),
  };
}

function completeVerify(
  { allowedSigners, revokedKeys, keyring, since }: NonNullable<WrittenConfig['verify']>,
  toPath: (raw: string) => string,
): VerifySettings {
  const path = (raw: string | undefined) => (raw === undefined ? null : toPath(raw));
  return {
    allowedSigners: path(allowedSigners),
    revokedKeys: path(revokedKeys),
    keyring: path(keyring),
    since: since ?? null,
  };
}

function sourceOf(
  from: WrittenSecrets[string]['from'],
  toPath: (raw: string) => string,
): SecretSource {
  if ('env' in from) return { kind: 'env', variable: from.env };
  if ('file' in from) return { kind: 'file', path: toPath(from.file) };
  if ('codexLogin' in from) return { kind: 'codex-login', path: toPath(from.codexLogin) };
  return { kind: 'command', argv: from.command };
}

function mapValues<From, To>(
  values: { readonly [name: string]: From },
  map: (value: From) => To,
): { readonly [name: string]: To } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
