import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A `PATH` of one folder with links to every program of this machine's own but `absent`; the folder is the caller's. */
export function pathWithout(folder: string, ...absent: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const linked = new Set(absent);
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of programsIn(place)) {
      if (linked.has(name)) continue;
      linked.add(name);
      symlinkSync(join(place, name), join(folder, name));
    }
  }
  return folder;
}

function programsIn(place: string): readonly string[] {
  try {
    return readdirSync(place);
  } catch {
    return [];
  }
}
