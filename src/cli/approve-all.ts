import type { Answer, ApproveRequest, ControllerApi, ProposalReview } from '../controller/api.ts';
import { termsOf } from './approval-options.ts';
import { approveAsShown, isWithin } from './approve-as-shown.ts';

/** How many of the reviewed proposals were approved, and why it ended before the last one. */
export interface ApprovedAll {
  readonly count: number;
  readonly problem: string | null;
  /** Files that the working tree keeps as they are. */
  readonly leftInWorkingTree: readonly string[];
}

/** How all of them are approved: by whom and on which terms, and how the controller is asked. */
export interface ApprovingAll {
  readonly request: Omit<ApproveRequest, 'id' | 'seen' | 'text'>;
  readonly ask: <Value>(call: (api: ControllerApi) => Promise<Answer<Value>>) => Promise<Value>;
  readonly onProgress: Parameters<ControllerApi['approve']>[1];
}

/**
 * Approves one after the other what an operator saw together. Each approval moves the branch, so each one is reviewed
 * again and bound to that: it must add nothing that the question did not show. Ends at the first that cannot be.
 */
export async function approveAll(
  reviews: readonly ProposalReview[],
  { request, ask, onProgress }: ApprovingAll,
): Promise<ApprovedAll> {
  const terms = termsOf(request);
  let count = 0;
  const leftInWorkingTree: string[] = [];
  for (const shown of reviews) {
    const { id } = shown.proposal;
    try {
      const now = await ask((api) => api.review(id, terms));
      if (!isWithin(now, shown)) {
        const problem = `${id} would add something that was not shown; look at it by itself`;
        return { count, problem, leftInWorkingTree };
      }
      const decision = await ask((api) => approveAsShown(api, now, { ...request, id }, onProgress));
      leftInWorkingTree.push(...(decision.leftInWorkingTree ?? []));
    } catch (error) {
      const problem = `${id}: ${error instanceof Error ? error.message : String(error)}`;
      return { count, problem, leftInWorkingTree };
    }
    count += 1;
  }
  return { count, problem: null, leftInWorkingTree };
}
