import { sanitizeLine } from '../sanitize.ts';
import type { ProviderProgram } from './provider.ts';

type Version = readonly [major: number, minor: number, patch: number];

/**
 * What is wrong with what a program printed as its version, in words with what to do; null when its command lines are
 * known.
 */
export function versionProblem(program: ProviderProgram, printed: string): string | null {
  const { name, since, tried } = program;
  const version = versionIn(printed);
  const known = `bb knows ${name} from ${since} on and was tried with ${tried}`;
  if (version === null) {
    const said = sanitizeLine(printed.trim().slice(0, 60));
    return `${name} says "${said}", which is no version: ${known}`;
  }
  const words = `${name} in this bottle is ${version.join('.')}`;
  if (compare(version, versionIn(since) ?? [0, 0, 0]) < 0) {
    return `${words}, which is too old: ${known}; install a newer one in its image`;
  }
  const isNewKind = version[0] > (versionIn(tried)?.[0] ?? 0);
  return isNewKind ? `${words}, which is unknown: ${known}; a session may start differently` : null;
}

function versionIn(text: string): Version | null {
  const [, major, minor, patch] = /\b(\d{1,6})\.(\d{1,6})\.(\d{1,6})\b/.exec(text) ?? [];
  return major === undefined ? null : [Number(major), Number(minor), Number(patch)];
}

function compare(one: Version, other: Version): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
