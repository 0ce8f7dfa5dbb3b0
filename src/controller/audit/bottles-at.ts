import { withoutErrors } from '../../desired/without-errors.ts';
import type { DesiredState } from '../../model/desired-state.ts';
import type { Revision } from '../../model/names.ts';
import { desiredAt, type PassPorts } from '../pass.ts';

export interface BottlesAtPorts extends Pick<PassPorts, 'git' | 'policy' | 'clock'> {
  /** The commit that was last in force as a whole; null where errors hold back everything (`onInvalid: reject`). */
  readonly whole: () => Promise<Revision | null>;
}

/** The bottles that a commit asks for: of one with errors those that the errors are not about, as far as they count. */
export async function bottlesAt(
  revision: Revision,
  ports: BottlesAtPorts,
): Promise<DesiredState['bottles']> {
  const { git, policy, clock } = ports;
  const { desired } = await desiredAt(revision, ports);
  if (desired !== null) return desired.bottles;
  const applied = await ports.whole();
  const whole = applied === null ? null : await git.resolveRevision(applied);
  if (whole === null) return {};
  const [files, before] = await Promise.all([git.readTree(revision), git.readTree(whole)]);
  const mended = withoutErrors(files, before, policy, { nowMs: clock.nowMs() });
  if (mended === null) return {};
  const bottles = Object.entries(mended.desired.bottles).filter(
    ([, { sources }]) => !sources.some((path) => mended.replaced.has(path)),
  );
  return Object.fromEntries(bottles);
}
