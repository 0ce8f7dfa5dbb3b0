import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, realpathSync, renameSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { BackendError } from '../backend.ts';
import type { EmbeddedLayout } from './layout.ts';
import { isOnPath } from './on-path.ts';
import { makeOpenFolder } from './open-to-others.ts';
import { temporaryBeside } from './records.ts';

/** Where a sandbox over an image of its own finds them. No image can have a folder of this name. */
export const OWN_PROGRAMS = '/.bb';

/** What leads into a sandbox and limits what runs there. */
const PROGRAMS = ['bwrap', 'prlimit'] as const;
type OwnProgram = (typeof PROGRAMS)[number];

const LIMIT_MS = 10_000;
const made = new Map<string, string>();

/**
 * A folder with those programs of the host that run in a sandbox before its rights are taken away, and all that they
 * load. An image's own would do with these rights what they please. Copied once for each version of them.
 */
export function ownPrograms({ directory }: EmbeddedLayout): string {
  const known = made.get(directory);
  if (known !== undefined && existsSync(known)) return known;
  const files = neededFiles();
  const identity = files.map(([name, source]) => {
    const { size, mtimeMs, ino } = statSync(source);
    return [name, source, size, mtimeMs, ino];
  });
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
  const folder = join(directory, 'programs', hash);
  if (!existsSync(folder)) copyAll(files, folder);
  made.set(directory, folder);
  return folder;
}

/** argv that runs one of them with its own loader and libraries, whatever the image has of these. */
export function ownProgram(name: OwnProgram): readonly string[] {
  const [loader, libraries] = [`${OWN_PROGRAMS}/loader`, `${OWN_PROGRAMS}/lib`];
  return [loader, '--inhibit-cache', '--library-path', libraries, `${OWN_PROGRAMS}/bin/${name}`];
}

/** argv that limits what follows it: the host's own where its programs are all there is. */
export function prlimitOf(hasImage: boolean): readonly string[] {
  return hasImage ? ownProgram('prlimit') : ['prlimit'];
}

function copyAll(files: readonly (readonly [string, string])[], folder: string): void {
  const temporary = temporaryBeside(folder);
  for (const below of ['bin', 'lib']) {
    makeOpenFolder(join(temporary, below));
  }
  for (const [name, source] of files) {
    copyFileSync(source, join(temporary, name));
    chmodSync(join(temporary, name), 0o755);
  }
  renameSync(temporary, folder);
}

/** Name below the folder → file of the host. */
function neededFiles(): readonly (readonly [string, string])[] {
  const files = new Map<string, string>();
  for (const program of PROGRAMS) {
    const path = find(program);
    files.set(`bin/${program}`, path);
    const said = execFileSync('ldd', [path], { encoding: 'utf8', timeout: LIMIT_MS });
    for (const [, name = '', library = ''] of said.matchAll(/^\s*(\S+) => (\/\S+) \(/gm)) {
      files.set(`lib/${basename(name)}`, realpathSync(library));
    }
    const [, loader] = /^\s*(\/\S+) \(/m.exec(said) ?? [];
    if (loader === undefined || !/ld-linux/.test(loader)) throw unsupported(program);
    files.set('loader', realpathSync(loader));
  }
  return [...files];
}

function find(program: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const folder = folders.find((one) => isOnPath(program, one));
  if (folder === undefined) throw unsupported(program);
  return realpathSync(join(folder, program));
}

function unsupported(program: string): BackendError {
  return new BackendError({
    code: 'not-supported',
    kind: 'terminal',
    message: `an image of its own needs a ${program} that is linked to the GNU C library, which this machine lacks`,
    hint: 'use image: builtin, or backend: docker for this bottle',
  });
}
