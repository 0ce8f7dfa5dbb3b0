import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { BackendError } from '../../backend.ts';
import { isInsideRoot } from './inside-root.ts';

/** What bb runs in a bottle, as its user. */
const PROGRAMS = ['sh', 'cat', 'env', 'head', 'ls', 'mkdir', 'rm', 'sleep', 'tar', 'script'];
const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const LIBRARY_FOLDERS = ['/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/lib'];
/** Where Debian has them, by Node's name of the machine. */
const TRIPLETS = new Map([
  ['x64', 'x86_64-linux-gnu'],
  ['arm64', 'aarch64-linux-gnu'],
]);
const LIMIT_MS = 10_000;

/**
 * What is at `path` for a bottle's root file system to be made of. Throws `not-supported`, in words, when there is nothing
 * or when others can change it.
 */
export function kindOfRootfs(path: string): 'folder' | 'archive' {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw refused(path, 'is not there', 'make it');
  if (!stats.isDirectory() && !stats.isFile()) {
    throw refused(path, 'is neither a folder nor an archive', 'name a folder, a .tar or a .tar.gz');
  }
  if (path === '/') {
    throw refused(path, 'is this machine', 'leave image out: its programs are what a bottle has');
  }
  const own = process.getuid?.() ?? 0;
  if ((stats.uid !== 0 && stats.uid !== own) || (stats.mode & 0o022) !== 0) {
    throw refused(path, 'can be changed by others', 'chown it to yourself, and chmod go-w');
  }
  return stats.isDirectory() ? 'folder' : 'archive';
}

/** Throws `not-supported` unless `folder` has what bb and Node need to run in it; `named` is what a person knows it by. */
export function checkRootfs(folder: string, named: string): void {
  const lacking = [...lackingPrograms(folder), ...lackingLibraries(folder)];
  if (lacking.length > 0) {
    throw refused(named, `has no ${lacking.join(', ')}`, 'install what is missing into it');
  }
}

function lackingPrograms(folder: string): readonly string[] {
  return PROGRAMS.filter(
    (name) => !PROGRAM_FOLDERS.some((below) => isInsideRoot(folder, `${below}/${name}`)),
  );
}

/** Those of this machine's Node, which every bottle has. */
function lackingLibraries(folder: string): readonly string[] {
  const said = execFileSync('ldd', [process.execPath], { encoding: 'utf8', timeout: LIMIT_MS });
  const found = [...said.matchAll(/(\/\S+) \(/g)].map(([, path = '']) => path);
  const triplet = TRIPLETS.get(process.arch) ?? '';
  const folders = [...LIBRARY_FOLDERS, `/lib/${triplet}`, `/usr/lib/${triplet}`];
  return found.filter((path) => {
    const isLoader = basename(path).startsWith('ld-linux');
    const places = isLoader ? [path] : [path, ...folders.map((at) => `${at}/${basename(path)}`)];
    return !places.some((place) => isInsideRoot(folder, place));
  });
}

/** Why what a person named is none. */
export function refused(named: string, why: string, hint: string): BackendError {
  return new BackendError({
    code: 'not-supported',
    kind: 'terminal',
    message: `${named} cannot be a root file system: it ${why}`,
    hint,
  });
}
