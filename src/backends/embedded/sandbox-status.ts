import { readFileSync } from 'node:fs';

/** The host's pid of a sandbox's first process, as bubblewrap wrote it; null when it has not. */
export function sandboxChild(path: string): number | null {
  try {
    const pid = /"child-pid": (\d+)/.exec(readFileSync(path, 'utf8'))?.[1];
    return pid === undefined ? null : Number(pid);
  } catch {
    return null;
  }
}

/** Exit code of a sandbox's first program; null while there is none. */
export function sandboxExitCode(path: string): number | null {
  try {
    const code = /"exit-code": (\d+)/.exec(readFileSync(path, 'utf8'))?.[1];
    return code === undefined ? null : Number(code);
  } catch {
    return null;
  }
}
