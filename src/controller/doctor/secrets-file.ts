import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from '../doctor.ts';

/** The file that names secrets must be the operator's alone, or `bb` refuses it. */
export const checkSecretsFile: Check = async ({ configDirectory, environment }) => {
  const config = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] ?? '/', '.config');
  const file = join(configDirectory ?? join(config, 'bb'), 'secrets.yaml');
  const stats = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stats === null) return { state: 'ok', detail: `${file}: none, no secrets`, fix: null };
  if (stats.uid !== process.getuid?.()) {
    return {
      state: 'fail',
      detail: `${file} belongs to user ${stats.uid}`,
      fix: `chown ${process.getuid?.()} ${file}`,
    };
  }
  return (stats.mode & 0o077) === 0
    ? { state: 'ok', detail: file, fix: null }
    : { state: 'fail', detail: `${file} can be read by others`, fix: `chmod 600 ${file}` };
};
