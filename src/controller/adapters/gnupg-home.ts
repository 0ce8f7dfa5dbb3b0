import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Nothing is fetched, no agent is started, and every key that is in there is trusted: a person put it there. */
const SETTINGS = 'no-autostart\nno-auto-key-retrieve\ntrust-model always\n';
const LIMIT_MS = 30_000;

/**
 * A GnuPG home that holds these public keys and nothing else, made on first need at `path`, for its owner only.
 *
 * @throws Error when gpg is missing or the bytes hold no key.
 */
export async function gnupgHome(path: string, keys: Uint8Array): Promise<string> {
  if (await isFolder(path)) return path;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = await mkdtemp(`${path}.`);
  try {
    await writeFile(join(temporary, 'gpg.conf'), SETTINGS, { mode: 0o600 });
    const args = ['--homedir', temporary, '--batch', '--no-tty', '--quiet', '--import'];
    const imported = await execa('gpg', args, { input: keys, reject: false, timeout: LIMIT_MS });
    if (imported.exitCode !== 0) {
      throw new Error(`gpg cannot read the key ring: ${imported.stderr || imported.shortMessage}`);
    }
    // Of two that make it at once, one is too late, and finds the other's.
    await rename(temporary, path).catch(async (error: unknown) => {
      if (!(await isFolder(path))) throw error;
    });
    return path;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
