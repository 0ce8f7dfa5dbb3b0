import { join } from 'node:path';
import { BackendError } from '../backends/backend.ts';
import { ensureHostBaseImage } from './adapters/host-base-image.ts';
import { loadHostConfig } from './adapters/host-config.ts';
import type { Answer, ControllerOptions } from './api.ts';

/** A base image that was made of this machine, and what makes bb use it. */
export interface ImportedBase {
  readonly reference: string;
  /** Host settings that should name it. */
  readonly configFile: string;
  /** What to write there. */
  readonly config: string;
  /** True when the settings name it already. */
  readonly isInUse: boolean;
}

/** Imports this machine's own programs as a base image, once: the engine is the one of the host's configuration. */
export async function importBase(
  options: ControllerOptions,
  onProgress: (line: string) => void,
): Promise<Answer<ImportedBase>> {
  const { environment, configDirectory } = options;
  const loaded = await loadHostConfig({ environment, directory: configDirectory ?? null });
  if (!loaded.ok) {
    const { diagnostics } = loaded;
    const message = 'the host configuration cannot be used';
    const hint = 'mend the files below: they say which engine to import into';
    return { ok: false, refusal: { kind: 'host-config', message, hint, diagnostics } };
  }
  const { docker, images, directory } = loaded.config;
  const endpoint = docker.host === null ? {} : { endpoint: docker.host };
  try {
    const reference = await ensureHostBaseImage({ ...endpoint, environment, onProgress });
    return {
      ok: true,
      value: {
        reference,
        configFile: join(directory, 'config.yaml'),
        config: `images:\n  base: ${reference}`,
        isInUse: images.base === reference,
      },
    };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const { message, hint } = error;
    return { ok: false, refusal: { kind: 'apply-failed', message, hint, diagnostics: [] } };
  }
}
