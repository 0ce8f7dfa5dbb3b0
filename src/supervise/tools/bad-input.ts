import type { FieldProblem } from '../tool-input.ts';
import type { ToolAnswer } from './tool.ts';

/** The answer to input that cannot be taken: every field with its reason, and that nothing was queued. */
export function badInput(problems: readonly FieldProblem[]): ToolAnswer {
  const reasons = problems.map(({ field, problem }) => `${field}: ${problem}`).join('; ');
  return {
    isError: true,
    message: `Nothing was proposed. ${reasons}.`,
    data: { status: 'invalid', problems },
  };
}

/** The answer to a call that is well formed and not taken. */
export function refusal(reason: string): ToolAnswer {
  return {
    isError: true,
    message: `Nothing was proposed: ${reason}.`,
    data: { status: 'refused', reason },
  };
}
