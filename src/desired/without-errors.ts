import type { DesiredState } from '../model/desired-state.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import { loadDesiredState } from './load.ts';
import type { TreeFile } from './tree-file.ts';

type Files = ReadonlyMap<string, TreeFile>;

/** A commit as it would be with the files that have errors as they were before. */
export interface WithoutErrors {
  readonly desired: DesiredState;
  /** Those files. */
  readonly replaced: ReadonlySet<string>;
}

/** What speaks for every bottle, so that no error in it is anybody's own. */
const FLEET_WIDE = /^(?:fleet\.yaml$|policies\/|\.$)/;
/** A file that is as it was can be an error of another one, and that of a third. */
const MAX_ROUNDS = 4;

/** Null when the errors are not confined to files that can be as they were in `before`, which is valid. Pure. */
export function withoutErrors(
  files: Files,
  before: Files,
  host: HostPolicy,
  options: { readonly nowMs: number },
): WithoutErrors | null {
  const replaced = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { desired, diagnostics } = loadDesiredState(
      mixed(files, before, replaced),
      host,
      options,
    );
    if (desired !== null) return { desired, replaced };
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const bad = new Set(errors.map(({ file }) => file));
    for (const file of bad) {
      if (replaced.has(file) || FLEET_WIDE.test(file)) return null;
      replaced.add(file);
    }
  }
  return null;
}

function mixed(files: Files, before: Files, replaced: ReadonlySet<string>): Files {
  const tree = new Map(files);
  for (const path of replaced) {
    const was = before.get(path);
    if (was === undefined) tree.delete(path);
    else tree.set(path, was);
  }
  return tree;
}
