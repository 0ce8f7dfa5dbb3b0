import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sanitizeBlock } from '../../model/sanitize.ts';

/** Writes what broke the viewer where the fleet's state is, or into the temporary folder; gives the file. */
export async function writeCrashLog(
  crash: Error,
  environment: Readonly<Record<string, string | undefined>>,
  fleet: string | null | undefined,
): Promise<string> {
  const state = environment['XDG_STATE_HOME'] || join(environment['HOME'] ?? '/', '.local/state');
  const file = join(state, 'bb', fleet ?? 'unknown', 'logs', 'ui-crash.log');
  const text = `${new Date().toISOString()}\n${sanitizeBlock(crash.stack ?? crash.message)}\n`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode: 0o600 });
    return file;
  } catch {
    const fallback = join(tmpdir(), `bb-ui-crash-${process.pid}.log`);
    await writeFile(fallback, text, { mode: 0o600, flag: 'wx' });
    return fallback;
  }
}
