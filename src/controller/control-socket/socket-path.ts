import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** What every system takes: macOS has room for 104 bytes with the final zero, Linux for 108. */
const MAX_BYTES = 103;

/**
 * Path of the fleet's control socket: `controller.sock` in its state directory, or where that is too long for a socket
 * address a short one below `$XDG_RUNTIME_DIR` or `/tmp`, which the lock file tells. Makes that short folder (0700).
 *
 * @throws Error when the short folder is somebody else's.
 */
export async function controlSocketPath(
  stateDirectory: string,
  environment: { readonly [name: string]: string | undefined },
): Promise<string> {
  const usual = join(stateDirectory, 'controller.sock');
  if (Buffer.byteLength(usual) <= MAX_BYTES) return usual;
  const hash = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 16);
  const own = process.getuid?.() ?? 0;
  const runtime = environment['XDG_RUNTIME_DIR'];
  const inRuntime =
    runtime !== undefined && isAbsolute(runtime) ? join(runtime, `bb-${hash}`) : null;
  const folder =
    inRuntime !== null && Buffer.byteLength(inRuntime) <= MAX_BYTES - '/controller.sock'.length
      ? inRuntime
      : `/tmp/bb-${own}-${hash}`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(folder).then((stats) => {
    if (!stats.isDirectory()) throw new Error(`${folder} is in the way: it is not a folder`);
    return stats;
  });
  if (uid !== own || (mode & 0o077) !== 0) {
    throw new Error(
      `${folder} is open to others: remove it, or set XDG_STATE_HOME to a shorter path`,
    );
  }
  return join(folder, 'controller.sock');
}
