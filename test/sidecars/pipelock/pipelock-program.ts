import { delimiter, join } from 'node:path';
import { pipelockAt } from '../../../src/controller/adapters/pipelock-program.ts';

/** The real program, named by `BB_PIPELOCK` or on `PATH`; null where this machine has none. */
export function realPipelock(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [process.env['BB_PIPELOCK'], ...folders.map((each) => join(each, 'pipelock'))];
  return candidates.find((path) => path !== undefined && pipelockAt(path) !== null) ?? null;
}
