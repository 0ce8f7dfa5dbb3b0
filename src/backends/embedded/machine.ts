import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '../backend.ts';
import { createFileMemo, createFolderMemo, type FileMemo } from './file-memo.ts';
import { createKnownProcesses, type KnownProcesses } from './known-processes.ts';
import { type EmbeddedLayout, embeddedLayout } from './layout.ts';
import {
  type ContainerRecord,
  type RunRecord,
  readRecord,
  readRun,
  temporaryBeside,
} from './records.ts';
import { sandboxExitCode } from './sandbox-status.ts';
import { isFilteredMachine, seccompFilter } from './seccomp/filter.ts';

/** What every call of the backend works with. */
export interface Machine {
  readonly layout: EmbeddedLayout;
  /** What containers were asked to be and how they run, by the paths of their files. */
  readonly records: FileMemo<ContainerRecord>;
  readonly runs: FileMemo<RunRecord>;
  /** Whether all runs are those of the last look. */
  readonly runsFolder: ReturnType<typeof createFolderMemo>;
  /** How their first programs ended, by the paths of bubblewrap's notes. */
  readonly exitCodes: FileMemo<number>;
  readonly processes: KnownProcesses;
  /** File with the filter that every program in a sandbox runs under. Made when first asked for. */
  seccompPath(): string;
}

export function openMachine(directory: string): Machine {
  const layout = embeddedLayout(directory);
  let seccomp: string | null = null;
  return {
    layout,
    records: createFileMemo(readRecord),
    runs: createFileMemo(readRun),
    runsFolder: createFolderMemo(layout.runs),
    exitCodes: createFileMemo(sandboxExitCode),
    processes: createKnownProcesses(),
    seccompPath() {
      seccomp ??= writeFilter(layout);
      return seccomp;
    },
  };
}

function writeFilter({ directory }: EmbeddedLayout): string {
  if (!isFilteredMachine(process.arch)) {
    throw new BackendError({
      code: 'not-supported',
      kind: 'terminal',
      message: `there is no seccomp filter for ${process.arch}`,
      hint: 'use backend: docker on this machine',
    });
  }
  const path = join(directory, `seccomp-${process.arch}.bpf`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = temporaryBeside(path);
  writeFileSync(temporary, seccompFilter(process.arch), { mode: 0o600 });
  renameSync(temporary, path);
  return path;
}
