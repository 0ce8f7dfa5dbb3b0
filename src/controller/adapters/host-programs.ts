import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One thing of this machine, and where it belongs in an image. */
export type HostFile =
  | { readonly kind: 'file'; readonly target: string; readonly source: string }
  | { readonly kind: 'link'; readonly target: string; readonly linkTo: string };

/** The folders of the system, so that a version manager's shims are never taken for programs. */
const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

const PROGRAMS = [
  ...['bash', 'sh', 'busybox', 'env', 'cat', 'ls', 'cp', 'mv', 'rm', 'mkdir', 'rmdir', 'ln'],
  ...['chmod', 'chown', 'touch', 'echo', 'printf', 'sleep', 'head', 'tail', 'sort', 'uniq', 'wc'],
  ...['tr', 'cut', 'tee', 'date', 'id', 'whoami', 'uname', 'hostname', 'pwd', 'stat', 'readlink'],
  ...['realpath', 'basename', 'dirname', 'mktemp', 'test', '[', 'true', 'false', 'expr', 'seq'],
  ...['nproc', 'df', 'du', 'dd', 'sha256sum', 'md5sum', 'base64', 'od', 'timeout', 'yes', 'tty'],
  ...['stty', 'kill', 'ps', 'find', 'xargs', 'grep', 'sed', 'awk', 'diff', 'tar', 'gzip', 'less'],
  ...['getent', 'git', 'curl', 'openssl', 'python3'],
];

/** Folders that are taken whole when the machine has them. */
const FOLDERS = [
  '/usr/lib/git-core',
  '/usr/share/git-core/templates',
  '/usr/lib/terminfo',
  '/lib/terminfo',
];

/** What programs from elsewhere expect of any system with the GNU C library. */
const SYSTEM_LIBRARIES = [
  ...['librt.so.1', 'libpthread.so.0', 'libdl.so.2', 'libutil.so.1', 'libresolv.so.2'],
  ...['libm.so.6', 'libgcc_s.so.1', 'libstdc++.so.6'],
];

const SINGLE_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/ssl/openssl.cnf',
  '/usr/lib/ssl/openssl.cnf',
  ...['x86_64', 'aarch64'].flatMap((machine) => [
    `/usr/lib/${machine}-linux-gnu/libnss_files.so.2`,
    `/usr/lib/${machine}-linux-gnu/libnss_dns.so.2`,
    ...SYSTEM_LIBRARIES.map((name) => `/usr/lib/${machine}-linux-gnu/${name}`),
  ]),
];

/**
 * What an image needs of this machine so that shell, git, curl, openssl, Python and this very Node run in it, each with
 * its shared libraries. Sorted by target, each target once. Throws on a machine without `ldd`.
 */
export function hostPrograms(): readonly HostFile[] {
  const programs = PROGRAMS.flatMap((name) => {
    const source = findProgram(name);
    return source === null ? [] : [fileOf(join('/usr/bin', name), source)];
  });
  const chosen: HostFile[] = [
    fileOf('/usr/bin/node', process.execPath),
    ...programs,
    ...FOLDERS.filter((path) => existsSync(path)).flatMap((path) => filesBelow(path)),
    ...pythonLibrary(),
    ...SINGLE_FILES.filter((path) => existsSync(path)).map((path) => fileOf(path, path)),
  ];
  const byTarget = new Map<string, HostFile>();
  for (const file of [...chosen, ...sharedLibraries(chosen)]) {
    if (!byTarget.has(file.target)) byTarget.set(file.target, file);
  }
  return [...byTarget.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
}

function findProgram(name: string): string | null {
  const folder = PROGRAM_FOLDERS.find((candidate) => existsSync(join(candidate, name)));
  return folder === undefined ? null : join(folder, name);
}

/** Links are followed: what they lead to is put in their place. */
function fileOf(target: string, source: string): HostFile {
  return { kind: 'file', target: merged(target), source: realpathSync(source) };
}

/** In the image `/bin`, `/sbin` and `/lib*` are links into `/usr`, whatever they are here. */
function merged(path: string): string {
  return /^\/(?:bin|sbin|lib|lib64)\//.test(path) ? `/usr${path}` : path;
}

function filesBelow(folder: string, skip: ReadonlySet<string> = new Set()): readonly HostFile[] {
  return readdirSync(folder).flatMap((name): readonly HostFile[] => {
    if (skip.has(name)) return [];
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) return filesBelow(path, skip);
    if (stat.isSymbolicLink()) {
      const linkTo = readlinkSync(path);
      const isNear = !linkTo.startsWith('/') && existsSync(path);
      return isNear ? [{ kind: 'link', target: merged(path), linkTo }] : [];
    }
    return stat.isFile() ? [fileOf(path, path)] : [];
  });
}

const NOT_OF_PYTHON = new Set([
  ...['test', 'tests', 'idlelib', 'tkinter', 'turtledemo', 'lib2to3', 'ensurepip', 'distutils'],
  ...['__pycache__', 'dist-packages', 'site-packages', 'pydoc_data'],
]);

/** The standard library of the system's Python, its tests and windows left out. */
function pythonLibrary(): readonly HostFile[] {
  const python = findProgram('python3');
  const folder = python && join('/usr/lib', basename(realpathSync(python)));
  if (!folder || !existsSync(folder)) return [];
  return filesBelow(folder, NOT_OF_PYTHON).filter(({ target }) => !/\/config-[^/]+\//.test(target));
}

/** The libraries that the dynamic loader would load, and the loader itself. */
function sharedLibraries(files: readonly HostFile[]): readonly HostFile[] {
  const programs = files.flatMap((file) =>
    file.kind === 'file' && isLoadable(file.target) ? [file.source] : [],
  );
  const paths = new Set<string>();
  for (const [, path] of ldd(programs).matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)) {
    if (path !== undefined) paths.add(path);
  }
  return [...paths].map((path) => fileOf(path, path));
}

function isLoadable(target: string): boolean {
  return (
    dirname(target) === '/usr/bin' ||
    dirname(target) === '/usr/lib/git-core' ||
    /\.so(?:\.|$)/.test(target)
  );
}

/** Scripts among `programs` make `ldd` end with 1, which means nothing. */
function ldd(programs: readonly string[]): string {
  try {
    return execFileSync('ldd', [...new Set(programs)], LDD_OPTIONS);
  } catch (error) {
    const { stdout } = error as { readonly stdout?: unknown };
    if (typeof stdout === 'string' && stdout !== '') return stdout;
    throw new Error('the shared libraries of this machine could not be listed with `ldd`', {
      cause: error,
    });
  }
}

const LDD_OPTIONS: ExecFileSyncOptionsWithStringEncoding = {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'ignore'],
};
