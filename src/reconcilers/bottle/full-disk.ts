import { byteWords } from '../../model/byte-words.ts';
import type { ObservedState } from '../../model/observed-state.ts';
import { type Step, StepList } from '../step-list.ts';
import { isAlive } from './current.ts';
import type { Draft } from './draft.ts';

/** What it means that a bottle's files take more than they may. */
interface FullDisk {
  /** In words, with what to do. */
  readonly pending: string;
  /** Its agent is stopped, and stays so: whoever fills a disk cannot be asked to make room. */
  readonly steps: readonly Step[];
}

/** Null while what was measured is within `resources.disk`, or nothing was. */
export function fullDisk(
  { target, current }: Draft,
  { disk }: Pick<ObservedState, 'disk'>,
): FullDisk | null {
  const { name, spec } = target.bottle;
  const use = disk?.get(name);
  if (use === undefined || use.bytes <= spec.diskBytes) return null;
  const taken = `${use.isWhole ? '' : 'more than '}${byteWords(use.bytes)}`;
  const reason = `its files take ${taken} of ${byteWords(spec.diskBytes)}`;
  const steps = new StepList();
  if (current.agents.some(isAlive)) {
    steps.add(target.backend, { kind: 'stop', component: 'agent' }, reason);
  }
  return {
    pending: `${reason}, so its agent is stopped; raise resources.disk, free some with bb attach ${name}, and lower it again`,
    steps: steps.steps,
  };
}
