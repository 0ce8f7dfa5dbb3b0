import { loadHostConfig } from '../adapters/host-config.ts';
import type { ControllerOptions } from '../api.ts';
import type { Check } from '../doctor.ts';
import type { HostConfig, HostSettings } from '../host-config.ts';

/** Can the host's settings be used? They say where the engine and the base image are. */
export const checkHostConfig: Check = async (options) => {
  const loaded = await loadSettings(options);
  if (loaded.ok) return { state: 'ok', detail: loaded.config.directory, fix: null };
  const [first] = loaded.diagnostics;
  const where = first === undefined ? '' : `${first.file}:${first.line}:${first.column} `;
  return {
    state: 'fail',
    detail: `${where}${first?.message ?? 'cannot be used'}`,
    fix: first?.hint ?? 'mend the file; bb plan tells everything that is wrong with it',
  };
};

/** What the host says, or null while its files are not valid: then nothing of them is used. */
export async function hostConfigOf(options: ControllerOptions): Promise<HostConfig | null> {
  return (await hostSettingsOf(options))?.config ?? null;
}

/** The same with its secrets' sources. */
export async function hostSettingsOf(options: ControllerOptions): Promise<HostSettings | null> {
  const loaded = await loadSettings(options);
  return loaded.ok ? loaded : null;
}

function loadSettings({ configDirectory, environment }: ControllerOptions) {
  return loadHostConfig({ environment, directory: configDirectory ?? null });
}
