import { didYouMean } from '../model/did-you-mean.ts';
import { type Problems, quote } from './problems.ts';
import type { WrittenBottle } from './schema/bottle.ts';
import type { WrittenFile } from './written-file.ts';
import type { Named } from './written-tree.ts';

const MAX_DEPTH = 100;

/** Names that `extends` lists, with where each was written. */
function basesOf(
  file: WrittenFile<WrittenBottle>,
): readonly { readonly name: string; readonly path: readonly (string | number)[] }[] {
  const written = file.value.extends;
  if (written === undefined) return [];
  if (typeof written === 'string') return [{ name: written, path: ['extends'] }];
  return written.map((name, index) => ({ name, path: ['extends', index] }));
}

/** Bottles that `names` stand for, bases before what extends them, each once (diamonds load once). */
export function linearise(
  names: readonly string[],
  bottles: Named<WrittenBottle>,
): readonly WrittenFile<WrittenBottle>[] {
  const order = new Map<string, WrittenFile<WrittenBottle>>();
  const entered = new Set<string>();
  // A stack of our own: how long a chain is must not depend on the depth of the engine's.
  const stack = names.toReversed().map((name) => ({ name, isLeaving: false }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { name, isLeaving } = top;
    const file = bottles.get(name);
    if (file === undefined || file === null) continue;
    if (isLeaving) order.set(name, file);
    if (entered.has(name)) continue;
    entered.add(name);
    stack.push({ name, isLeaving: true });
    for (const base of basesOf(file).toReversed())
      stack.push({ name: base.name, isLeaving: false });
  }
  return [...order.values()];
}

/** Reports bases that are not there, and every cycle once, as a chain: `a -> b -> a`. */
export function checkExtends(bottles: Named<WrittenBottle>, problems: Problems): void {
  const finished = new Set<string>();
  for (const file of bottles.values()) {
    if (file !== null) followBases(file, [], { bottles, problems, finished });
  }
}

interface Walk {
  readonly bottles: Named<WrittenBottle>;
  readonly problems: Problems;
  readonly finished: Set<string>;
}

function followBases(file: WrittenFile<WrittenBottle>, chain: readonly string[], walk: Walk): void {
  if (walk.finished.has(file.name)) return;
  const here = [...chain, file.name];
  for (const { name, path } of basesOf(file)) {
    const at = file.locate.value(path);
    const base = walk.bottles.get(name);
    const start = here.indexOf(name);
    if (start !== -1) {
      const cycle = [...here.slice(start), name].join(' -> ');
      const message = `extends goes round in a circle: ${cycle}`;
      walk.problems.error({
        code: 'extends-cycle',
        message,
        hint: 'remove one of these links',
        file: file.path,
        at,
      });
    } else if (base === undefined) {
      const meant = didYouMean(name, walk.bottles.keys());
      const hint = meant === undefined ? `write bottles/${name}.yaml` : `did you mean "${meant}"?`;
      walk.problems.error({
        code: 'unknown-reference',
        message: `there is no bottle ${quote(name)}`,
        hint,
        file: file.path,
        at,
      });
    } else if (here.length >= MAX_DEPTH) {
      const message = `extends is more than ${MAX_DEPTH} bottles deep`;
      walk.problems.error({
        code: 'invalid-value',
        message,
        hint: 'shorten the chain',
        file: file.path,
        at,
      });
    } else if (base !== null) {
      followBases(base, here, walk);
    }
  }
  walk.finished.add(file.name);
}
