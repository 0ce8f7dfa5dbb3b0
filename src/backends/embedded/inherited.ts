import type { IOType } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Descriptors that we inherited ourselves would go on to the sandbox: each from `from` on is covered with `nothing`, an
 * empty file. Node closes those that it opened by itself.
 */
export function covers(from: number, nothing: number): readonly (IOType | number)[] {
  inherited ??= inheritedDescriptors();
  const covered = inherited.filter((descriptor) => descriptor >= from);
  const count = Math.max(from, ...covered.map((descriptor) => descriptor + 1)) - from;
  return Array.from({ length: count }, (_, index) =>
    covered.includes(from + index) ? nothing : 'ignore',
  );
}

/** They were there when this process began, so they are looked for once. */
let inherited: readonly number[] | undefined;

const CLOSE_ON_EXEC = 0o2000000;

function inheritedDescriptors(): readonly number[] {
  return readdirSync('/proc/self/fdinfo').map(Number).filter(isInherited);
}

function isInherited(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8);
    return (flags & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}
