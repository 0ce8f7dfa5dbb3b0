import type { Answer, ControllerApi, ProposalReview } from '../../controller/api.ts';

/** How many of the reviewed proposals were approved, and why it ended before the last one. */
export interface ApprovedAll {
  readonly count: number;
  readonly problem: string | null;
  /** Files that the working tree keeps as they are. */
  readonly leftInWorkingTree: readonly string[];
}

/**
 * Approves one after the other what an operator saw together. Each approval moves the branch, so each one is reviewed
 * again and bound to that: it must add nothing that the question did not show. Ends at the first that cannot be.
 */
export async function approveAll(
  reviews: readonly ProposalReview[],
  operator: string,
  ask: <Value>(call: (api: ControllerApi) => Promise<Answer<Value>>) => Promise<Value>,
  onProgress: Parameters<ControllerApi['approve']>[1],
): Promise<ApprovedAll> {
  let count = 0;
  const leftInWorkingTree: string[] = [];
  for (const shown of reviews) {
    const { id } = shown.proposal;
    try {
      const now = await ask((api) => api.review(id));
      if (!isWithin(now, shown)) {
        const problem = `${id} would add something that was not shown; look at it by itself`;
        return { count, problem, leftInWorkingTree };
      }
      const decision = await ask((api) =>
        api.approve({ id, seen: now.seen, operator }, onProgress),
      );
      leftInWorkingTree.push(...(decision.leftInWorkingTree ?? []));
    } catch (error) {
      const problem = `${id}: ${error instanceof Error ? error.message : String(error)}`;
      return { count, problem, leftInWorkingTree };
    }
    count += 1;
  }
  return { count, problem: null, leftInWorkingTree };
}

function isWithin(now: ProposalReview, shown: ProposalReview): boolean {
  return (
    now.effective.every((text) => shown.effective.includes(text)) &&
    now.risks.every((text) => shown.risks.includes(text))
  );
}
