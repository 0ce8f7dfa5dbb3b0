import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long out of proportion to their size: a suite of other files, or a whole fleet for each test. */
const SLOWEST = [
  'test/contract/docker.test.ts',
  'test/escape/embedded.test.ts',
  'test/crash/bottles.test.ts',
  'test/controller/crashes.test.ts',
  'test/scenario/controller.test.ts',
  'test/controller/remote-crashes.test.ts',
  'test/crash/simulated.test.ts',
  'test/clients/clients.test.ts',
  'test/contract/embedded.test.ts',
  'test/providers/claude-embedded.test.ts',
  'test/scenario/engine-luck.test.ts',
  'test/scenario/signals.test.ts',
];

/**
 * Vitest starts large files first where it has not seen how long they take, as in a fresh checkout. That leaves the
 * suites, which are files of few lines, for the end, when one works alone and the other processor rests.
 */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = SLOWEST.findIndex((slow) => moduleId.endsWith(slow));
      return rank === -1 ? SLOWEST.length : rank;
    };
    return sorted.sort((one, other) => rankOf(one) - rankOf(other));
  }
}
