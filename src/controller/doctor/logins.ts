import { readSecretValue } from '../adapters/secret-value.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { Check } from '../doctor.ts';
import { hostSettingsOf } from './host-config.ts';

/** Can the codex logins of this machine be used, and until when? Other secrets are not read here. */
export const checkLogins: Check = async (options) => {
  const settings = await hostSettingsOf(options);
  const logins = Object.entries(settings?.secrets ?? {}).filter(
    ([, { kind }]) => kind === 'codex-login',
  );
  if (logins.length === 0) return { state: 'ok', detail: 'none named', fix: null };
  const given = {
    environment: options.environment,
    commandTimeoutMs: 0,
    nowMs: systemClock.nowMs(),
  };
  const read = await Promise.all(
    logins.map(async ([name, source]) => ({
      name,
      ...(await readSecretValue(name, source, given)),
    })),
  );
  const problems = read.flatMap((one) => (one.ok ? [] : [one.problem]));
  if (problems.length > 0) {
    return { state: 'fail', detail: problems.join('; '), fix: 'run `codex login` on this machine' };
  }
  const words = read.flatMap((one) =>
    one.ok ? [`${one.name} until ${one.login?.expiresAt ?? 'unknown'}`] : [],
  );
  return { state: 'ok', detail: words.join(', '), fix: null };
};
