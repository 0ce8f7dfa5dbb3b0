import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import type { EmbeddedLayout } from './layout.ts';
import { startTicksOf, statFields } from './process-table.ts';

/** Whether a session of `ref` goes on. Each has a file with what the kernel said of its process when it began. */
export async function isBusy(layout: EmbeddedLayout, ref: ComponentRef): Promise<boolean> {
  const name = runtimeName(ref);
  for (const file of await readdir(layout.runs).catch(() => [])) {
    const pid = sessionPid(file, name);
    if (pid === null) continue;
    const noted = await readFile(join(layout.runs, file), 'utf8').catch(() => '');
    const begun = startTicksOf(noted);
    if (begun !== null && statFields(pid)?.[19] === begun) return true;
  }
  return false;
}

function sessionPid(file: string, name: string): number | null {
  const rest = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : '';
  const pid = /^(\d+)\.session$/.exec(rest)?.[1];
  return pid === undefined ? null : Number(pid);
}
