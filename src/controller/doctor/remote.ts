import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitProcess } from '../adapters/git-process.ts';
import { loadHostConfig } from '../adapters/host-config.ts';
import { RemoteTransport } from '../adapters/remote-transport.ts';
import { createSecrets } from '../adapters/secrets.ts';
import { stateRoot } from '../adapters/state-directory.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { Check, CheckResult } from '../doctor.ts';

/** Does the remote that this host follows answer, has it the branch, and may this host push to it? */
export const checkRemote: Check = async ({ environment, configDirectory }) => {
  const host = await loadHostConfig({ environment, directory: configDirectory ?? null });
  const remote = host.ok ? host.config.source.remote : null;
  if (!host.ok || remote === null) {
    return { state: 'ok', detail: 'none: a repository of this machine is followed', fix: null };
  }
  const secrets = createSecrets({
    sources: host.secrets,
    environment,
    versionKeyPath: `${stateRoot(environment)}/version-key`,
    clock: systemClock,
  });
  const { branch } = host.config.source;
  const folder = await mkdtemp(join(tmpdir(), 'bb-doctor-'));
  try {
    const git = gitProcess(folder);
    await git.must(['init', '--quiet', '--bare', '.']);
    const transport = new RemoteTransport(git, remote, { secrets, signal: undefined });
    const asked = await transport.ask(branch);
    if (!asked.ok) return failed(asked.message, asked.hint);
    const { head, tips } = asked.value;
    const followed = branch ?? head;
    const tip = followed === null ? undefined : tips.get(followed);
    if (followed === null || tip === undefined) {
      const fix = 'push the branch, or set source.branch in config.yaml';
      return failed(`${remote.url} answers and has no branch ${followed ?? 'of its own'}`, fix);
    }
    const at = `${remote.url}: ${followed} at ${tip.slice(0, 12)}`;
    const pushed = await transport.mayPush();
    return pushed.ok
      ? { state: 'ok', detail: at, fix: null }
      : {
          state: 'warn',
          detail: `${at}, not to be pushed to: ${pushed.message}`,
          fix: pushed.hint,
        };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

function failed(detail: string, fix: string): Omit<CheckResult, 'name'> {
  return { state: 'fail', detail, fix };
}
