import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const NEEDED = ['sh', 'cat', 'env', 'head', 'ls', 'mkdir', 'rm', 'sleep', 'tar', 'script'];
const PROGRAMS = [...NEEDED, 'id', 'readlink'];

/**
 * Makes a root file system of a few programs of this machine and what they and Node load, in merged folders as a
 * distribution has them. It has no `/home`, `/proc`, `/dev`, `/tmp`, `/run` and `/var`.
 */
export function makeSmallRootfs(folder: string, without: readonly string[] = []): void {
  for (const below of ['usr/bin', 'usr/lib', 'etc/alternatives', 'srv']) {
    mkdirSync(join(folder, below), { recursive: true, mode: 0o755 });
  }
  chmodSync(folder, 0o755);
  symlinkSync('usr/bin', join(folder, 'bin'));
  for (const name of ['lib', 'lib64']) symlinkSync('usr/lib', join(folder, name));
  const programs = PROGRAMS.filter((name) => !without.includes(name));
  for (const name of programs) {
    const path = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' });
    copy(path.trim(), join(folder, 'usr/bin', name));
  }
  const paths = programs.map((name) => join(folder, 'usr/bin', name));
  const said = execFileSync('ldd', [...paths, process.execPath], { encoding: 'utf8' });
  for (const [, path = ''] of said.matchAll(/(\/\S+) \(/g)) {
    if (without.includes(basename(path))) continue;
    const isLoader = basename(path).startsWith('ld-linux');
    const target = isLoader ? path : join('/usr/lib', basename(path));
    if (existsSync(join(folder, target))) continue;
    mkdirSync(join(folder, dirname(target)), { recursive: true, mode: 0o755 });
    copy(path, join(folder, target));
  }
}

function copy(from: string, to: string): void {
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}
