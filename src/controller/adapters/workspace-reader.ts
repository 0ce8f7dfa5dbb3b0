import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { CopiedFile } from '../../model/component.ts';
import { StepFailed } from '../failure.ts';
import type { WorkspaceReader } from '../ports/workspace-reader.ts';

/** Copies go through memory once, so they are bounded. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_FILES = 50_000;

/**
 * Reads workspaces below the folders that the host's configuration allows. The commit only names one of them: who can
 * push to the repository must not be able to copy any folder of this machine into a bottle.
 */
export function createWorkspaceReader(options: {
  /** Relative workspaces start here: the repository's root. */
  readonly base: string;
  /** Absolute folders of `config.yaml`, `workspaces`. */
  readonly allowed: readonly string[];
}): WorkspaceReader {
  return {
    async read(folder, owner) {
      const root = await allowedRoot(resolve(options.base, folder), options.allowed);
      const copied: CopiedFile[] = [];
      let bytes = 0;
      for await (const file of filesBelow(root, root)) {
        bytes += file.content instanceof Uint8Array ? file.content.byteLength : 0;
        if (bytes > MAX_BYTES || copied.length >= MAX_FILES) throw tooLarge(folder);
        copied.push({ ...file, ...owner });
      }
      return copied;
    },
  };
}

async function allowedRoot(folder: string, allowed: readonly string[]): Promise<string> {
  const root = await realpath(folder).catch(() => {
    throw new StepFailed({
      kind: 'terminal',
      message: `the workspace ${folder} is not on this host`,
      hint: 'mend workspace.copy of the agent, or make the folder',
    });
  });
  const real = await Promise.all(allowed.map((path) => realpath(path).catch(() => null)));
  const inside = real.some((path) => path !== null && !relative(path, root).startsWith('..'));
  if (inside) return root;
  throw new StepFailed({
    kind: 'terminal',
    message: `the host does not allow ${root} to be copied into a bottle`,
    hint: 'add it to "workspaces" in config.yaml of the host',
  });
}

type Found = Omit<CopiedFile, 'uid' | 'gid'>;

async function* filesBelow(root: string, folder: string): AsyncGenerator<Found> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = join(folder, entry.name);
    const path = relative(root, full);
    if (entry.isDirectory()) yield* filesBelow(root, full);
    else if (entry.isSymbolicLink()) {
      yield { path, content: { linkTo: await readlink(full) }, mode: 0o777 };
    } else if (entry.isFile()) {
      const { mode, size } = await lstat(full);
      if (size > MAX_BYTES) throw tooLarge(root);
      yield { path, content: await readFile(full), mode: (mode & 0o111) === 0 ? 0o644 : 0o755 };
    }
  }
}

function tooLarge(folder: string): StepFailed {
  return new StepFailed({
    kind: 'terminal',
    message: `the workspace ${folder} is larger than 256 MiB or 50,000 files`,
    hint: 'copy a smaller folder, or let the agent clone the repository',
  });
}
