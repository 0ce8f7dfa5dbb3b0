import type { Clock } from '../../model/clock.ts';
import type { SecretSource, SecretSources } from '../host-config.ts';
import type { Secrets, SecretValue } from '../ports/secrets.ts';
import { type ReadSecret, readSecretValue } from './secret-value.ts';
import { stateRoot } from './state-directory.ts';
import { systemClock } from './system-clock.ts';
import { loadVersionKey, secretVersion } from './version-key.ts';

type Environment = { readonly [name: string]: string | undefined };

export interface SecretsOptions {
  readonly sources: SecretSources;
  readonly environment: Environment;
  /** `$XDG_STATE_HOME/bb/version-key`. */
  readonly versionKeyPath: string;
  readonly clock: Clock;
  readonly commandTimeoutMs?: number;
}

/** A password manager is asked once a minute, not once a pass; a refusal is believed for a shorter while. */
const COMMAND_CACHE_MS = 60_000;
const REFUSAL_CACHE_MS = 5_000;

/** Secrets of this host as its files name them. */
export function hostSecrets(sources: SecretSources, environment: Environment): Secrets {
  const versionKeyPath = `${stateRoot(environment)}/version-key`;
  return createSecrets({ sources, environment, versionKeyPath, clock: systemClock });
}

/** Secrets of the host, read from their sources when they are asked for. */
export function createSecrets(options: SecretsOptions): Secrets {
  const { sources, clock } = options;
  const commandTimeoutMs = options.commandTimeoutMs ?? 10_000;
  const answers = new Map<
    string,
    { readonly untilMs: number; readonly read: Promise<ReadSecret> }
  >();
  let key: Promise<Uint8Array> | null = null;

  function read(name: string, source: SecretSource): Promise<ReadSecret> {
    const { environment } = options;
    const given = { environment, commandTimeoutMs, nowMs: clock.nowMs() };
    const fresh = () => readSecretValue(name, source, given);
    if (source.kind !== 'command') return fresh();
    const known = answers.get(name);
    if (known !== undefined && clock.elapsedMs() < known.untilMs) return known.read;
    const asked = fresh();
    answers.set(name, { untilMs: clock.elapsedMs() + COMMAND_CACHE_MS, read: asked });
    void asked.then(({ ok }) => {
      if (!ok) answers.set(name, { untilMs: clock.elapsedMs() + REFUSAL_CACHE_MS, read: asked });
    });
    return asked;
  }

  async function resolve(names: readonly string[]) {
    const values = new Map<string, SecretValue>();
    const problems: { [name: string]: string } = {};
    if (names.length === 0) return { values, problems };
    key ??= loadVersionKey(options.versionKeyPath);
    key.catch(() => {
      key = null;
    });
    const versionKey = await key;
    await Promise.all(
      names.map(async (name) => {
        const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
        const answer: ReadSecret =
          source === undefined
            ? { ok: false, problem: `secret ${name} is not in secrets.yaml` }
            : await read(name, source);
        if (!answer.ok) problems[name] = answer.problem;
        else {
          const version = secretVersion(versionKey, name, answer.value);
          values.set(name, { version, value: answer.value });
        }
      }),
    );
    return { values, problems };
  }

  return {
    async versions(names) {
      const { values, problems } = await resolve(names);
      const versions = Object.fromEntries(
        [...values].map(([name, { version }]) => [name, version]),
      );
      return { versions, problems };
    },
    async values(names) {
      return (await resolve(names)).values;
    },
    async login(name) {
      const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
      if (source?.kind !== 'codex-login') return null;
      const answer = await read(name, source);
      return answer.ok ? (answer.login ?? null) : null;
    },
  };
}
